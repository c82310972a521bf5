"""PjmScheduler with real commands: the emulator's pjsub, pjstat and pjdel, its jobs and its faults."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, Iterator, List, Mapping, Sequence

import pytest

from pjm import emulator
from pjm.batch.host import LocalHost
from pjm.batch.pjm.pjstat import memory_use
from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.scheduler import AnswerLostError, Phase
from pjm.plan.job_folder import outputs
from pjm.plan.packing import Site
from tests.builders.emulated import make
from tests.builders.other_outputs import blocks, listed
from tests.builders.processes import PATIENCE
from tests.builders.submitting import BULK, ONE, STEPS, SubmittingPlace

Faults = Sequence[Mapping[str, object]]


SITE = Site("hp000000", "/vol0004", tests_per_job=1)
Made = Callable[..., SubmittingPlace[PjmScheduler]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """Makes an emulator with these faults and settings, on which no job meets its limit because the machine is slow."""

    def make(faults: Faults = (), **settings: object) -> SubmittingPlace[PjmScheduler]:
        quick = {"accept": 0.005, "start": 0.005, "end": 0.005, "second": 10.0, **settings}
        environment = emulator.environment(tmp_path / "emulator", 4, quick, list(faults))
        host = LocalHost({**os.environ, **environment})
        return SubmittingPlace(tmp_path, PjmScheduler(host, timeout=PATIENCE, submit_timeout=PATIENCE), SITE)

    yield make
    assert emulator.stop(tmp_path / "emulator", PATIENCE)


def test_the_emulator_is_there(made: Made) -> None:
    made().scheduler.require_commands()


def test_a_normal_job_runs_to_its_end(made: Made) -> None:
    site = made()
    prepared = site.job('echo "share $PYTEST_PJM_SHARE, $A"; echo oh >&2', ONE, env=(("A", "x,y"),))

    ids = site.scheduler.submit(prepared.submission)

    (ending,) = site.endings(ids)
    files = outputs(prepared.folder, 0)
    assert ending.succeeded, ending
    assert ("share 0, x,y\n", "oh\n") == (files.out.read_text(), files.err.read_text())
    assert ids[0] == blocks(files.stats.read_text())[0]["JOB ID"]
    assert "memory" in memory_use(files.stats.read_text())


def test_while_it_runs_its_start_is_told(made: Made) -> None:
    site = made()
    begun = time.time()
    ids = site.scheduler.submit(site.job("sleep 600", ONE).submission)

    status = site.wait(ids, lambda status: status.phase is Phase.RUNNING)[ids[0]]

    assert status.started is not None
    assert begun - 2 < status.started < time.time() + 2
    assert status.ending is None
    site.scheduler.cancel(ids)


def test_every_sub_job_of_a_bulk_job_has_its_own_share_and_ending(made: Made) -> None:
    site = made()
    prepared = site.job('echo "$PYTEST_PJM_SHARE"; exit $((PYTEST_PJM_SHARE == 1))', BULK)

    ids = site.scheduler.submit(prepared.submission)

    assert [f"{ids[0][:-3]}[{number}]" for number in range(3)] == list(ids)
    assert [True, False, True] == [ending.succeeded for ending in site.endings(ids)]
    assert ["0\n", "1\n", "2\n"] == [outputs(prepared.folder, number).out.read_text() for number in range(3)]
    assert ids == site.scheduler.find(prepared.job.name, prepared.submission.parts)


def test_train_and_estimate_run_one_after_the_other(made: Made) -> None:
    site = made()
    prepared = site.job('test "$PYTEST_PJM_SHARE" = 0 && exec touch weights; test -e weights', STEPS)

    ids = site.scheduler.submit(prepared.submission)

    assert [True, True] == [ending.succeeded for ending in site.endings(ids)]
    assert 1 == len(emulator.calls(site.folder / "emulator", "pjsub"))


@pytest.mark.parametrize("end", ["exit 3", "kill -SEGV $$"])
def test_a_step_whose_predecessor_failed_is_removed_with_its_followers(made: Made, end: str) -> None:
    site = made()
    chain = (*STEPS, ("report", ("estimate",)))
    prepared = site.job(f'echo "$PYTEST_PJM_SHARE" >> ran; {end}', chain)

    first, *others = site.endings(site.scheduler.submit(prepared.submission))

    assert not first.succeeded
    assert ["a step that it needs failed" in ending.happened for ending in others] == [True, True], others
    assert "0\n" == (site.folder / "ran").read_text()


def test_all_jobs_are_cancelled_by_one_command_whatever_became_of_them(made: Made) -> None:
    site = made()
    prepared = site.job('test "$PYTEST_PJM_SHARE" = 0 || sleep 600', BULK)
    ids = site.scheduler.submit(prepared.submission)
    site.wait(ids[:1], lambda status: status.phase is Phase.ENDED)

    site.scheduler.cancel(ids)

    first, *others = site.endings(ids)
    assert first.succeeded
    assert ["deleted" in ending.happened and not ending.retry for ending in others] == [True, True]
    site.scheduler.cancel(ids)
    assert 2 == len(emulator.calls(site.folder / "emulator", "pjdel"))


def test_one_poll_is_one_question_whether_they_have_ended_or_not(made: Made) -> None:
    site = made()
    waiting = site.scheduler.submit(site.job("sleep 600", BULK).submission)
    site.scheduler.poll(waiting)
    asked = len(emulator.calls(site.folder / "emulator", "pjstat"))
    site.scheduler.cancel(waiting)
    site.endings(waiting)
    before = len(emulator.calls(site.folder / "emulator", "pjstat"))
    site.scheduler.poll(waiting)
    site.scheduler.look_back(waiting)

    assert 1 == asked
    assert 2 == len(emulator.calls(site.folder / "emulator", "pjstat")) - before


def test_a_submission_that_hangs_is_found_by_its_name(made: Made) -> None:
    site = made([{"fault": "delay", "seconds": 60, "when": "after", "command": "pjsub"}])
    prepared = site.job("true", ONE)

    # A slow machine may not get as far as to the job within a second or two.
    for seconds in (2, 10, 50):
        with pytest.raises(AnswerLostError, match=f"within {seconds} s"):
            PjmScheduler(site.scheduler.host, submit_timeout=seconds).submit(prepared.submission)
        found = site.scheduler.find(prepared.job.name, prepared.submission.parts)
        if found:
            break

    assert 1 == len(found)


def test_a_name_that_was_never_submitted_has_no_ids(made: Made) -> None:
    assert () == made().scheduler.find("pjm-s-0", 1)


NAMES = (
    "a\nb.sh",
    "富岳の仕事と長い名前.sh",
    'x,y"z.sh',
    "a\u2028b.sh",
    "\u202egnp.sh",
    "e\u0301mile.sh",
    "12 EXT 0 0.sh",
)


@pytest.mark.parametrize("layout", [[], ["-v"], ["-E"], ["--data"], ["--data", "--choose", "jid,st,jnam,cmt", "-s"]])
def test_whatever_a_job_is_called_it_is_one_row_in_every_layout(tmp_path: Path, layout: List[str]) -> None:
    pjm = make(tmp_path)
    for name in NAMES:
        (pjm.work / name).write_text("true")
        options = ("-L", "node=400,rscgrp=large,elapse=60", "--comment", "c,\n,48000099,EXT\n")
        stuck = {"PJM_EMULATOR_FAULTS": '[{"fault": "stuck"}]'}
        assert 0 == pjm.command("pjsub", *options, name, env=stuck).code

    rows = listed(pjm.command("pjstat", *layout).out)

    assert [(str(48000001 + number), "QUE") for number in range(len(NAMES))] == [
        (row.job_id, row.state.replace("ACC", "QUE")) for row in rows
    ]
    assert [row.job_id for row in rows] == [block["JOB ID"] for block in blocks(pjm.command("pjstat", "-s").out)]
    assert emulator.stop(pjm.folder, PATIENCE)
