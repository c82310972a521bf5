"""PjmScheduler with real commands: the emulator's pjsub, pjstat and pjdel, its jobs and its faults."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import pytest

from pjm import emulator
from pjm.batch.host import LocalHost
from pjm.batch.pjm.pjstat import statistics
from pjm.batch.pjm.scheduler import PjmScheduler
from pjm.batch.pjm.status import memory_use
from pjm.batch.scheduler import AnswerLostError, Ending, Phase, Status, Submission, SubmitError, UnansweredError
from pjm.marks.mark import Request
from pjm.plan.packing import Job, Site, Task, pack
from pjm.plan.script import JobPython, outputs, script, script_names

PATIENCE = 120.0  # seconds, of a machine that others use too
FAST = {"second": 0.01}  # a minute's limit passes in 0.6 s
ONE = (("a", ()),)
BULK = (("a", ()), ("b", ()), ("c", ()))
STEPS = (("train", ()), ("estimate", ("train",)))

Tests = Sequence[Tuple[str, Tuple[str, ...]]]
Faults = Sequence[Mapping[str, object]]


@dataclass(frozen=True)
class Place:
    """An emulator, a scheduler on it, and what the jobs run instead of Python."""

    folder: Path
    scheduler: PjmScheduler

    def job(self, text: str, tests: Tests, elapse: int = 60, env: Tuple[Tuple[str, str], ...] = ()) -> Prepared:
        """A job whose parts run these lines of shell; $PYTEST_PJM_SHARE is their number."""
        run = self.folder / "run"
        run.write_text(f"#!/bin/bash\n{text}\n")
        run.chmod(0o755)
        request = Request(1, elapse, "small", env)
        tasks = [Task(name, request, name, after=after) for name, after in tests]
        (job,) = pack(tasks, Site("hp000000", "/vol0004", tests_per_job=1), "pjm-s")
        folder = self.folder / "a job's folder, with a comma"
        folder.mkdir()
        scripts = tuple(folder / name for name in script_names(job))
        for number, path in enumerate(scripts):
            path.write_text(script(job, number, folder, JobPython(str(run), self.folder), self.scheduler))
        return Prepared(job, folder, Submission(job.name, folder, scripts, job.bulk))

    def wait(self, ids: Sequence[str], until: Callable[[Status], bool]) -> Dict[str, Status]:
        """Poll until every job is as wished."""
        end = time.monotonic() + PATIENCE
        while True:
            found = dict(self.scheduler.poll(ids))
            gone = [job_id for job_id, status in found.items() if status.phase is Phase.ABSENT]
            found.update(self.scheduler.look_back(gone) if gone else {})
            if all(until(status) for status in found.values()):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def endings(self, ids: Sequence[str]) -> List[Ending]:
        """How the jobs ended, or got stuck."""
        found = self.wait(ids, lambda status: status.ending is not None)
        return [ending for ending in (found[job_id].ending for job_id in ids) if ending]


@dataclass(frozen=True)
class Prepared:
    """A job with its scripts written."""

    job: Job
    folder: Path
    submission: Submission


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Makes an emulator with these faults and settings, on which no job meets its limit because the machine is slow."""

    def make(faults: Faults = (), **settings: object) -> Place:
        quick = {"accept": 0.005, "start": 0.005, "end": 0.005, "second": 10.0, **settings}
        environment = emulator.environment(tmp_path / "emulator", 4, quick, list(faults))
        host = LocalHost({**os.environ, **environment})
        return Place(tmp_path, PjmScheduler(host, timeout=PATIENCE, submit_timeout=PATIENCE))

    yield make
    assert emulator.stop(tmp_path / "emulator", PATIENCE)


Made = Callable[..., Place]


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
    assert ids[0] == statistics(files.stats.read_text())["JOB ID"]
    assert "memory" in memory_use(statistics(files.stats.read_text()))


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
    assert ids == site.scheduler.find(prepared.job.name)


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


def test_a_job_over_its_elapse_limit_is_told_from_one_that_succeeded(made: Made) -> None:
    site = made(**FAST)
    prepared = site.job("exec sleep 600", ONE)

    (ending,) = site.endings(site.scheduler.submit(prepared.submission))

    assert (False, False) == (ending.succeeded, ending.retry)
    assert "it ran over its elapse limit" in ending.happened
    assert "of 00:01:00 allowed" in ending.happened
    assert 'elapse="00:02:00"' in ending.advice


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


@pytest.mark.parametrize("number", ["0072", "0090", "0091"])
def test_a_refusal_that_passes_is_told_from_one_that_does_not(made: Made, number: str) -> None:
    site = made([{"fault": number, "times": 1}])
    prepared = site.job("true", ONE)

    with pytest.raises(SubmitError, match=f"PJM {number}") as refusal:
        site.scheduler.submit(prepared.submission)

    assert refusal.value.retry
    assert site.endings(site.scheduler.submit(prepared.submission))[0].succeeded


def test_too_many_nodes_are_refused_for_good(made: Made) -> None:
    site = made()
    prepared = site.job("true", ONE)
    path = prepared.submission.scripts[0]
    path.write_text(path.read_text().replace("node=1", "node=999"))

    with pytest.raises(SubmitError, match=r"PJM 0057: node=999 is greater than the upper limit \(384\)") as refusal:
        site.scheduler.submit(prepared.submission)

    assert not refusal.value.retry


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "lost-answer"},
        {"fault": "lost-answer", "exit": 1},
        {"fault": "lost-answer", "exit": 1, "text": "Connection reset by peer"},
        {"fault": "killed"},
    ],
    ids=["silent", "silent failure", "failure", "killed"],
)
@pytest.mark.parametrize("tests", [ONE, BULK, STEPS], ids=["normal", "bulk", "step"])
def test_a_submission_whose_answer_was_lost_is_found_by_its_name(
    made: Made, fault: Mapping[str, object], tests: Tests
) -> None:
    site = made([{**fault, "command": "pjsub", "times": 1}])
    prepared = site.job("true", tests)

    with pytest.raises(AnswerLostError):
        site.scheduler.submit(prepared.submission)
    ids = site.scheduler.find(prepared.job.name)

    assert prepared.submission.parts == len(ids)
    assert [True] * len(ids) == [ending.succeeded for ending in site.endings(ids)]
    assert ids == site.scheduler.find(prepared.job.name)


def test_a_submission_that_hangs_is_found_by_its_name(made: Made) -> None:
    site = made([{"fault": "delay", "seconds": 60, "when": "after", "command": "pjsub"}])
    prepared = site.job("true", ONE)

    # A slow machine may not get as far as to the job within a second or two.
    for seconds in (2, 10, 50):
        with pytest.raises(AnswerLostError, match=f"within {seconds} s"):
            PjmScheduler(site.scheduler.host, submit_timeout=seconds).submit(prepared.submission)
        found = site.scheduler.find(prepared.job.name)
        if found:
            break

    assert 1 == len(found)


def test_a_name_that_was_never_submitted_has_no_ids(made: Made) -> None:
    assert () == made().scheduler.find("pjm-s-0")


@pytest.mark.parametrize(
    "fault", [{"fault": "0290"}, {"fault": "0291"}, {"fault": "killed", "command": "pjstat"}], ids=str
)
def test_a_poll_without_an_answer_is_asked_again(made: Made, fault: Mapping[str, object]) -> None:
    site = made([{**fault, "times": 1}])
    ids = site.scheduler.submit(site.job("true", ONE).submission)

    with pytest.raises(UnansweredError):
        site.scheduler.poll(ids)

    assert site.endings(ids)[0].succeeded


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "banner", "command": "*", "text": "JOB offers: submitted, USER guide\n"},
        {"fault": "loading"},
        {"fault": "no-table", "header": True, "times": 2},
        {"fault": "no-table", "times": 2},
        {"fault": "late", "seconds": 0.5},
        {"fault": "gap", "seconds": 0.5},
        {"fault": "runout", "seconds": 0.5},
        {"fault": "cut-output", "keep": 30, "times": 3},
        {"fault": "node-down", "after": 0.1, "attempts": 1},
    ],
    ids=lambda fault: str(fault["fault"]),
)
def test_noise_and_slowness_do_not_change_the_ending(made: Made, fault: Mapping[str, object]) -> None:
    site = made([fault])

    (ending,) = site.endings(site.scheduler.submit(site.job("sleep 0.3", ONE).submission))

    assert ending.succeeded, ending


@pytest.mark.parametrize(
    ("fault", "says", "retry"),
    [
        ({"fault": "reject", "reason": "RSCGRP NOT EXIST"}, "resource group does not exist", False),
        ({"fault": "gate-check"}, "gate check", False),
        ({"fault": "gate-check", "reason": "INTERNAL ERROR", "pc": 100}, "internal error", True),
        ({"fault": "preempt", "after": 0.1}, "another job or a deadline took its nodes", True),
        ({"fault": "out-of-memory", "after": 0.1}, "more memory than it had", False),
        ({"fault": "end", "st": "EXT", "pc": 140, "reason": "LOST COMM"}, "connection to a node was lost", True),
        ({"fault": "end", "st": "EXT", "ec": 0, "pc": 16, "reason": "NO CURRENT DIR"}, "working directory", False),
        ({"fault": "kill", "after": 0.1, "signal": 11}, "signal 11 (SIGSEGV)", False),
    ],
    ids=lambda value: str(value.get("fault")) if isinstance(value, dict) else None,
)
def test_what_went_wrong_is_said_in_words(made: Made, fault: Mapping[str, object], says: str, retry: bool) -> None:
    site = made([fault])

    (ending,) = site.endings(site.scheduler.submit(site.job("sleep 600", ONE).submission))

    assert (False, retry) == (ending.succeeded, ending.retry), ending
    assert says in ending.happened
    assert ending.advice


def test_a_held_job_is_held(made: Made) -> None:
    site = made([{"fault": "hold", "reason": "later"}])
    ids = site.scheduler.submit(site.job("true", ONE).submission)

    status = site.wait(ids, lambda status: status.phase is Phase.HELD)[ids[0]]

    assert "later" in status.said
    site.scheduler.cancel(ids)


def test_a_vanished_job_is_absent(made: Made) -> None:
    site = made([{"fault": "vanish", "after": 0.1}])
    ids = site.scheduler.submit(site.job("sleep 600", ONE).submission)

    status: Optional[Status] = site.wait(ids, lambda status: status.phase is Phase.ABSENT)[ids[0]]

    assert Status(Phase.ABSENT) == status


def test_a_stuck_job_can_be_cancelled(made: Made) -> None:
    site = made([{"fault": "gate-check"}])
    ids = site.scheduler.submit(site.job("true", ONE).submission)
    site.wait(ids, lambda status: status.phase is Phase.STUCK)

    site.scheduler.cancel(ids)

    assert site.wait(ids, lambda status: status.phase is Phase.ENDED)
