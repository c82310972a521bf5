"""Leaving early: the messages say what became of the jobs and how to resume."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Sequence

import pytest

from pjm.batch.scheduler import AnswerLostError, UnansweredError
from pjm.client.leave_session import ResumeHint, cancel, detached, left_alone, way_back
from pjm.suggest import resume
from tests.builders.following import REQUEST, A, Following


def hint(one: Following, maxfail: int = 0, failed: int = 0) -> ResumeHint:
    session: Any = SimpleNamespace(config=SimpleNamespace(option=SimpleNamespace(maxfail=maxfail)), testsfailed=failed)
    return way_back(session, one.watch, unmarked=0)


def command(one: Following) -> str:
    return resume(one.session.folder)


def test_what_is_cancelled_is_counted_with_the_results_there_are(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.watch.begin_round()
    one.watch.collect()

    said = cancel(one.watch, hint(one))

    assert f"fugaku: 1 job cancelled; 1 of 2 tests in jobs have results; the rest: {command(one)}" == said


def test_a_job_that_may_still_come_is_said(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()

    said = cancel(one.watch, hint(one))

    assert said.startswith(
        "fugaku: 0 jobs cancelled; 1 may still start: it is unknown whether they were accepted; 0 of 2"
    )


def test_without_jobs_and_without_anything_left_to_run_there_is_nothing_to_type(one: Following) -> None:
    one.begin()
    one.results(0, 0)
    one.watch.begin_round()
    one.watch.collect()

    assert "fugaku: 2 of 2 tests in jobs have results" == cancel(one.watch, hint(one))


def test_a_refused_cancellation_says_that_jobs_may_run(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.begin()

    def refuse(ids: Sequence[str]) -> None:
        raise UnansweredError("PJM 0190")

    monkeypatch.setattr(one.scheduler, "cancel", refuse)

    said = cancel(one.watch, hint(one))

    assert said.startswith("fugaku: jobs may still run, because they could not be cancelled: PJM 0190; 0 of 2 tests")


@pytest.mark.parametrize(("maxfail", "failed", "limited"), [(0, 5, False), (3, 2, False), (2, 2, True), (1, 0, True)])
def test_a_limit_of_failures_that_would_stop_the_session_again_is_lifted(
    one: Following, maxfail: int, failed: int, limited: bool
) -> None:
    one.begin()
    one.scheduler.end("1.0", REQUEST)  # both tests fail, and pytest does not know it yet
    one.step(60 if maxfail == 1 else 0)

    way = hint(one, maxfail, failed)

    assert (limited, command(one) + " --maxfail=0" * limited) == (way.limited, way.command)


def test_a_client_that_is_gone_leaves_its_jobs_behind(one: Following) -> None:
    assert None is left_alone(one.watch, hint(one))

    one.begin()

    assert f"fugaku: 1 job still running; continue with: {command(one)}" == left_alone(one.watch, hint(one))


def test_a_client_that_only_submits_names_the_jobs(one: Following) -> None:
    one.begin()

    assert f"fugaku: submitted 1.0; continue with: {command(one)}" == detached(one.watch.jobs, hint(one))


def test_the_jobs_of_a_chain_are_all_named_where_each_has_a_number_of_its_own(one: Following) -> None:
    one.begin()
    (job,) = one.watch.jobs
    job.shares = tuple(replace(job.shares[0], id=number) for number in ("7_0", "7_1", "8", "9"))

    assert f"fugaku: submitted 7_0, 8, 9; continue with: {command(one)}" == detached(one.watch.jobs, hint(one))
