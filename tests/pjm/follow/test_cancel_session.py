"""The jobs of a session that nobody follows are deleted, each once, and what is known of them is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from pjm.batch.scheduler import AnswerLostError, Ending, Phase, Resources, Status, SubmitError, UnansweredError
from pjm.follow.cancel_session import Cancelled, cancel
from pjm.sessions.mirror import NoMirror
from pjm.sessions.summary import state_of
from tests.builders.following import A, B, Following, settings_of, tasks

STUCK = Status(Phase.STUCK, ending=Ending(False, "was held"))


@pytest.fixture
def two(tmp_path: Path) -> Following:
    """Two jobs, of one test each."""
    return Following(
        tmp_path,
        [replace(each, resources=Resources(n, 1800)) for n, each in enumerate(tasks(2), 1)],
        settings_of(tmp_path),
    )


def cancelled(following: Following) -> Cancelled:
    return cancel(following.session, following.scheduler, NoMirror())


def events(following: Following) -> List[str]:
    return [record["event"] for record in following.session.journal()]


def test_jobs_that_wait_and_run_are_deleted_in_one_command_and_what_they_used_is_said(two: Following) -> None:
    two.begin()
    two.scheduler.run("2.0", elapsed=900.0)

    done = cancelled(two)

    assert [("1.0", "2.0")] == two.scheduler.cancelled
    assert (("1.0", "2.0"), 0.5, ()) == (done.ids, done.node_hours, done.doubtful)
    assert "cancelled" == state_of(two.session, two.session.journal())


def test_a_job_that_has_ended_is_not_deleted_and_its_results_are_kept(two: Following) -> None:
    two.begin()
    two.results(0, 0)
    two.scheduler.end("1.0")

    done = cancelled(two)

    assert [("2.0",)] == two.scheduler.cancelled
    assert ["passed", "cancelled"] == [job.shares[0].outcome for job in done.jobs]
    two.came_back()
    two.watch.start(two.watch.plan_unassigned())
    two.step()
    assert {A: "passed"} == two.outcomes()
    assert [B] == two.watch.jobs[-1].tests


def test_a_job_that_died_and_one_that_the_history_alone_knows_are_not_deleted(
    two: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.begin()
    two.scheduler.end("1.0", Ending(False, "a node went down"))
    two.scheduler.statuses["2.0"] = Status(Phase.ABSENT)
    monkeypatch.setattr(
        two.scheduler,
        "look_back",
        lambda ids: {each: Status(Phase.ENDED, ending=Ending(True, "ended")) for each in ids},
    )

    assert () == cancelled(two).ids
    assert [] == two.scheduler.cancelled
    assert "cancelled" not in events(two)


def test_a_stuck_job_is_deleted(one: Following) -> None:
    one.begin()
    one.scheduler.statuses["1.0"] = STUCK

    assert ("1.0",) == cancelled(one).ids


def test_nothing_is_deleted_twice(one: Following) -> None:
    one.begin()
    cancelled(one)
    before = events(one)

    assert () == cancelled(one).ids
    assert 1 == len(one.scheduler.cancelled)
    assert before == events(one)


def test_a_job_that_was_never_submitted_stays_away(one: Following) -> None:
    one.watch.start(one.watch.plan_unassigned())

    assert () == cancelled(one).ids
    assert [] == one.scheduler.cancelled
    assert "cancelled" == state_of(one.session, one.session.journal())


def test_a_refused_job_leaves_nothing_to_cancel(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("no such group", "", retry=False)]
    one.begin()

    assert () == cancelled(one).ids
    assert "cancelled" not in events(one)


@pytest.mark.parametrize(("known", "expected"), [(("77.0",), (("77.0",), 0)), ((), ((), 1))])
def test_a_submission_without_an_answer_is_looked_up_by_its_name(
    one: Following, known: Tuple[str, ...], expected: Tuple[Tuple[str, ...], int]
) -> None:
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.scheduler.known[one.watch.jobs[0].name] = known

    done = cancelled(one)

    assert expected == (done.ids, len(done.doubtful))
    state = state_of(one.session, one.session.journal())
    assert ("cancelled" if known else "unfinished") == state


def test_a_question_without_an_answer_does_not_keep_jobs_from_being_deleted(one: Following) -> None:
    one.begin()
    one.scheduler.silent = [UnansweredError("away")]

    assert ("1.0",) == cancelled(one).ids


def test_jobs_that_could_not_be_deleted_are_deleted_the_next_time(
    one: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(ids: object) -> None:
        raise UnansweredError("away")

    one.begin()
    with monkeypatch.context() as patch:
        patch.setattr(one.scheduler, "cancel", away)
        with pytest.raises(UnansweredError, match="away"):
            cancelled(one)
    assert "unfinished" == state_of(one.session, one.session.journal())

    assert ("1.0",) == cancelled(one).ids
    assert [("1.0",)] == one.scheduler.cancelled
    assert "cancelled" == state_of(one.session, one.session.journal())


def test_a_job_that_took_too_long_and_was_not_deleted_then_is_deleted_now(one: Following) -> None:
    one.begin()
    one.session.note("deleting", ids=["1.0"])

    assert ("1.0",) == cancelled(one).ids
    assert ("1.0",) in one.scheduler.cancelled
    assert "cancelled" == state_of(one.session, one.session.journal())


def test_a_job_whose_own_files_show_its_end_is_in_no_doubt(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("killed")]
    one.begin()
    one.results(0, 0)

    assert () == cancelled(one).doubtful
