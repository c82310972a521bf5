"""Deleting: what was to be deleted is deleted, however often the batch system has to be asked."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import List, Sequence, Tuple

import pytest

from pjm.batch.scheduler import AnswerLostError, Resources, UnansweredError
from pjm.follow.deletion import Deletions
from pjm.sessions.summary import summarize
from tests.builders.following import A, B, Following, settings_of, tasks


@pytest.fixture
def late(tmp_path: Path) -> Following:
    """One job that waits for too long after 30 s."""
    return Following(tmp_path, tasks(2), replace(settings_of(tmp_path), queue_timeout=30.0))


def refusing(late: Following, times: int, patch: pytest.MonkeyPatch) -> List[Tuple[str, ...]]:
    """Have so many deletions fail; what is asked for."""
    asked: List[Tuple[str, ...]] = []

    def cancel(ids: Sequence[str]) -> None:
        asked.append(tuple(ids))
        if len(asked) <= times:
            raise UnansweredError("PJM 0190 daemon is not present")

    patch.setattr(late.scheduler, "cancel", cancel)
    return asked


def test_a_deletion_that_fails_is_tried_again_until_it_is_taken(
    late: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = refusing(late, 2, monkeypatch)
    late.begin()
    late.step(40)

    assert ["1.0"] == list(late.watch.deletions.left)
    assert "delete 1.0" == late.watch.deletions.how_to_delete_left()
    assert "the batch system did not delete 1 job: PJM 0190 daemon is not present" == late.watch.trouble

    late.step(200)

    assert [("1.0",)] * 3 == asked
    assert {} == late.watch.deletions.left
    assert None is late.watch.trouble
    assert late.watch.done


def test_whoever_comes_back_deletes_what_was_not_deleted(late: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refusing(late, 1, monkeypatch)
    late.begin()
    late.step(40)
    assert [("1.0",)] == asked

    late.came_back()

    assert [("1.0",)] * 2 == asked
    assert {} == late.watch.deletions.left
    late.came_back()
    assert [("1.0",)] * 2 == asked, "it was noted that this was taken"


def test_a_cancellation_that_was_not_heard_is_tried_until_it_is(
    late: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    late.begin()
    asked = refusing(late, 3, monkeypatch)
    with pytest.raises(UnansweredError):
        late.watch.cancel()

    late.came_back()
    late.watch.start(late.watch.plan_unassigned())
    late.step(40)

    assert [("1.0",)] * 4 == asked
    late.results(1, 0)
    late.scheduler.end("2.0")
    late.step(40)
    assert {A: "passed", B: "passed"} == late.outcomes()


def test_ctrl_c_deletes_it_too(late: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = refusing(late, 1, monkeypatch)
    late.begin()
    late.step(40)

    late.watch.cancel()

    assert [("1.0",)] * 2 == asked
    assert {} == late.watch.deletions.left


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
    two = Following(tmp_path, [first, replace(second, resources=Resources(2, 1800))], settings_of(tmp_path))
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
    two = Following(tmp_path, [first, replace(second, resources=Resources(2, 1800))], settings_of(tmp_path))
    two.scheduler.refusals = [None, AnswerLostError("hung")]
    two.begin()

    def find(name: str, parts: int) -> Tuple[str, ...]:
        raise UnansweredError("does not list its parts yet")

    monkeypatch.setattr(two.scheduler, "find", find)

    assert ("1.0",) == two.watch.cancel()
    assert [two.watch.jobs[1].name] == two.watch.doubtful


def fill(one: Following, patch: pytest.MonkeyPatch) -> None:
    def note(event: str, **fields: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(one.session, "note", note)


def test_jobs_are_cancelled(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.begin()
    fill(one, monkeypatch)

    assert ("1.0",) == one.watch.cancel()
    assert [("1.0",)] == one.scheduler.cancelled


def test_a_job_in_doubt_is_cancelled(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()
    one.scheduler.known[one.watch.jobs[0].name] = ("77.0",)
    fill(one, monkeypatch)

    assert ("77.0",) == one.watch.cancel()
    assert [("77.0",)] == one.scheduler.cancelled


def test_what_has_to_go_is_deleted(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(one, monkeypatch)

    assert Deletions(one.session, one.scheduler).add(["1.0"])
    assert [("1.0",)] == one.scheduler.cancelled
