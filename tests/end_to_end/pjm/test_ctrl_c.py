"""Leaving: what Ctrl-C may tear apart and what not, and what is known afterwards of jobs that may still come."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from pjm.batch.scheduler import AnswerLostError, UnansweredError
from pjm.follow.interrupts import Hold, Interrupts
from pjm.follow.submit import WAITING
from pjm.follow.watch import Watch
from pjm.job.events import Event, Tail
from pjm.marks.mark import Request
from pjm.plan.job_folder import Workplace
from pjm.sessions.summary import summarize
from tests.builders.fugaku_project import PATIENCE, FugakuProject
from tests.builders.processes import wait_until
from tests.end_to_end.pjm.test_watch import A, B, Following, settings_of, tasks


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with the tests a and b."""
    return Following(tmp_path, tasks(2), settings_of(tmp_path))


def watch(one: Following, hold: Hold) -> Watch:
    place = Workplace("python", (), one.folder, {A: "test_it.py", B: "test_it.py"}, (), {}, True, "")
    return Watch(
        one.session, one.scheduler, one.settings, one.tests, place, lambda: one.now, lambda: 1000 + one.now, hold
    )


def press(*_: object) -> None:
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_within_a_submission_waits_for_its_answer_which_is_noted(one: Following) -> None:
    said: List[str] = []
    interrupts = Interrupts(said.append)
    one.watch = watch(one, interrupts.held)
    one.scheduler.on_submit = press

    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        one.begin()

    assert ["planned", "submitting", "submitted"] == [record["event"] for record in one.session.journal()]
    assert [WAITING] == said
    assert ("1.0",) == one.watch.cancel()
    assert [("1.0",)] == one.scheduler.cancelled


def test_ctrl_c_loses_no_result_that_was_read(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupts = Interrupts(print)
    one.watch = watch(one, interrupts.held)
    one.begin()
    one.results(0, 0)
    read = Tail.read

    def read_and_press(tail: Tail) -> List[Event]:
        found = read(tail)
        press()
        return found

    monkeypatch.setattr(Tail, "read", read_and_press)
    with interrupts.raised(), pytest.raises(KeyboardInterrupt):
        one.watch.collect()
    monkeypatch.undo()

    one.step()
    assert {A: "passed", B: "passed"} == one.outcomes()


def test_a_job_whose_submission_was_cut_off_may_still_come_and_is_not_noted_as_cancelled(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    name = one.watch.jobs[0].name

    assert () == one.watch.cancel()
    assert [name] == one.watch.doubtful
    assert "unfinished" == summarize(one.session)["state"]

    one.scheduler.known[name] = ("77.0",)
    one.came_back()
    one.watch.start(one.watch.plan_unassigned())
    one.results(0, 0)
    one.scheduler.end("77.0")
    one.step(60)

    assert {A: "passed", B: "passed"} == one.outcomes()
    assert 1 == len(one.scheduler.submissions)


def test_a_job_in_doubt_that_is_there_by_now_is_cancelled_with_the_rest(tmp_path: Path) -> None:
    first, second = tasks(2)
    two = Following(tmp_path, [first, replace(second, request=Request(2, 1800))], settings_of(tmp_path))
    two.scheduler.refusals = [None, AnswerLostError("hung")]
    two.begin()
    two.scheduler.known[two.watch.jobs[1].name] = ("77.0",)

    assert ("1.0", "77.0") == two.watch.cancel()
    assert [] == two.watch.doubtful
    assert "cancelled" == summarize(two.session)["state"]


def test_a_question_that_is_not_answered_keeps_no_other_job_from_being_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tasks(2)
    two = Following(tmp_path, [first, replace(second, request=Request(2, 1800))], settings_of(tmp_path))
    two.scheduler.refusals = [None, AnswerLostError("hung")]
    two.begin()

    def find(name: str) -> Tuple[str, ...]:
        raise UnansweredError("does not list its parts yet")

    monkeypatch.setattr(two.scheduler, "find", find)

    assert ("1.0",) == two.watch.cancel()
    assert [two.watch.jobs[1].name] == two.watch.doubtful


def test_ctrl_c_while_pjsub_is_under_way_cancels_its_job(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_endless():\n    time.sleep(600)\n")
    project.emulate(faults=[{"fault": "delay", "command": "pjsub", "seconds": 3, "when": "before", "times": 9}])
    process = project.start("--fugaku", "--fugaku-emulate")

    def submitting() -> bool:
        return any(b"submitting" in each.read_bytes() for each in project.workdir.glob("*-*/journal.jsonl"))

    assert wait_until(submitting, PATIENCE)

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)

    assert 2 == process.returncode, out
    assert WAITING in out
    assert "fugaku: 1 jobs cancelled; 0 of 1 tests" in out
    assert 1 == len(project.calls("pjdel"))
