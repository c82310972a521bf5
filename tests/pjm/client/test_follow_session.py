"""A session whose jobs are followed: when it writes jobs.json, when it stops, and what it says to who leaves early."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Sequence, Tuple, Type, cast

import pytest

from pjm.batch.scheduler import AnswerLostError, SubmitError, UnansweredError
from pjm.client import follow_session
from pjm.client.follow_session import FollowedSession
from pjm.client.replay import Replay
from pjm.client.terminal import Progress
from pjm.errors import BadInput
from pjm.follow.durations import FILE, Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.results import Result
from pjm.plan.packing import Site
from pjm.sessions.session import LIVE
from pjm.suggest import resume
from tests.builders.following import REQUEST, A, B, Following, settings_of, tasks


class Reports:
    """Keeps what pytest would get; each result makes pytest ask for an end."""

    def __init__(self, session: Any, why: str, name: str) -> None:
        self.tests: List[str] = []
        self.ended: List[str] = []
        self.exit = None
        self._session, self._why, self._name = session, why, name

    def report(self, result: Result) -> None:
        self.tests.append(result.test)
        setattr(self._session, self._name, self._why)


def followed(
    one: Following, why: str = "", name: str = "shouldstop", maxfail: int = 0, failed: int = 0
) -> Tuple[FollowedSession, Reports]:
    option = SimpleNamespace(fugaku_resume=None, maxfail=maxfail)
    session: Any = SimpleNamespace(
        config=SimpleNamespace(option=option),
        shouldfail="",
        shouldstop="",
        testsfailed=failed,
        Interrupted=pytest.Session.Interrupted,
        Failed=pytest.Session.Failed,
    )
    reports = Reports(session, why, name)
    progress = Progress(None, 2)
    replay, interrupts = cast(Replay, reports), Interrupts(progress.say)
    return FollowedSession(session, one.watch, replay, progress, interrupts, Durations(one.folder / FILE)), reports


def test_jobs_are_written_for_others_now_and_then_and_whenever_it_is_asked_for(one: Following) -> None:
    (following, _), live = followed(one), one.session.folder / LIVE
    following.write_live(every=5.0)
    live.unlink()

    following.write_live(every=5.0)
    assert not live.exists()
    following.write_live(every=0.0)
    assert live.exists()


@pytest.mark.parametrize(
    ("name", "kind"), [("shouldstop", pytest.Session.Interrupted), ("shouldfail", pytest.Session.Failed)]
)
def test_a_stop_after_a_result_cancels_the_jobs_and_reports_nothing_more(
    one: Following, name: str, kind: Type[Exception]
) -> None:
    following, reports = followed(one, "enough", name)
    one.scheduler.on_submit = lambda _: one.results(0, 0, [A, B], end=False)

    with pytest.raises(kind, match="enough"):
        following.submit_and_follow((), detach=False)

    assert [A] == reports.tests
    assert [("1.0",)] == one.scheduler.cancelled
    assert following.left_message.startswith("fugaku: 1 job cancelled; 2 of 2 tests in jobs have results")


def test_leaving_at_once_after_a_refusal_fails(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("no such group", "set fugaku_group", retry=False)]

    with pytest.raises(BadInput) as refusal:
        followed(one)[0].submit_and_follow((), detach=True)

    assert ("1 of 1 jobs were not submitted", "set fugaku_group") == (refusal.value.what, refusal.value.fix)


def test_jobs_of_many_shares_are_written_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = Following(tmp_path, tasks(20), replace(settings_of(tmp_path), site=Site(tests_per_job=1)))
    many.begin()
    monkeypatch.setattr(follow_session, "time", many)
    monkeypatch.setattr(follow_session, "_LIVE_SECONDS", 1.0)
    (following, _), live = followed(many), many.session.folder / LIVE
    following.write_live(every=5.0)
    live.unlink()

    many.now += 19
    following.write_live(every=5.0)
    assert not live.exists()
    many.now += 1
    following.write_live(every=5.0)
    assert live.exists()


def command(one: Following) -> str:
    return resume(one.session.folder)


def cancelled(one: Following) -> str:
    following, _ = followed(one)
    following._cancel()
    return following.left_message


def test_what_is_cancelled_is_counted_with_the_results_there_are(one: Following) -> None:
    one.begin()
    one.results(0, 0, [A], end=False)
    one.watch.begin_round()
    one.watch.collect()

    said = cancelled(one)

    assert f"fugaku: 1 job cancelled; 1 of 2 tests in jobs have results; the rest: {command(one)}" == said


def test_a_job_that_may_still_come_is_said(one: Following) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()

    said = cancelled(one)

    assert said.startswith(
        "fugaku: 0 jobs cancelled; 1 may still start: it is unknown whether they were accepted; 0 of 2"
    )


def test_without_jobs_and_without_anything_left_to_run_there_is_nothing_to_type(one: Following) -> None:
    one.begin()
    one.results(0, 0)
    one.watch.begin_round()
    one.watch.collect()

    assert "fugaku: 2 of 2 tests in jobs have results" == cancelled(one)


def test_a_refused_cancellation_says_that_jobs_may_run(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.begin()

    def refuse(ids: Sequence[str]) -> None:
        raise UnansweredError("PJM 0190")

    monkeypatch.setattr(one.scheduler, "cancel", refuse)

    said = cancelled(one)

    assert said.startswith("fugaku: jobs may still run, because they could not be cancelled: PJM 0190; 0 of 2 tests")


@pytest.mark.parametrize(("maxfail", "failed", "limited"), [(0, 5, False), (3, 2, False), (2, 2, True), (1, 0, True)])
def test_a_limit_of_failures_that_would_stop_the_session_again_is_lifted(
    one: Following, maxfail: int, failed: int, limited: bool
) -> None:
    one.begin()
    one.scheduler.end("1.0", REQUEST)  # both tests fail, and pytest does not know it yet
    one.step(60 if maxfail == 1 else 0)

    following, _ = followed(one, maxfail=maxfail, failed=failed)

    assert command(one) + " --maxfail=0" * limited == following._how_to_resume()


def test_a_client_that_is_gone_leaves_its_jobs_behind(one: Following) -> None:
    following, _ = followed(one)
    assert "" == following._still_running()

    one.begin()

    assert f"fugaku: 1 job still running; continue with: {command(one)}" == following._still_running()


def test_a_client_that_only_submits_names_the_jobs(one: Following) -> None:
    one.begin()

    assert f"fugaku: submitted 1.0; continue with: {command(one)}" == followed(one)[0]._submitted()


def test_the_jobs_of_a_chain_are_all_named_where_each_has_a_number_of_its_own(one: Following) -> None:
    one.begin()
    (job,) = one.watch.jobs
    job.shares = tuple(replace(job.shares[0], id=number) for number in ("7_0", "7_1", "8", "9"))

    assert f"fugaku: submitted 7_0, 8, 9; continue with: {command(one)}" == followed(one)[0]._submitted()
