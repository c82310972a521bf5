"""A session whose jobs are followed: when it writes jobs.json, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Tuple, Type, cast

import pytest

from pjm.batch.scheduler import SubmitError
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
from tests.builders.following import A, B, Following, settings_of, tasks


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


def followed(one: Following, why: str = "", name: str = "shouldstop") -> Tuple[FollowedSession, Reports]:
    option = SimpleNamespace(fugaku_resume=None, maxfail=0)
    session: Any = SimpleNamespace(
        config=SimpleNamespace(option=option),
        shouldfail="",
        shouldstop="",
        testsfailed=0,
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
        following.submit_and_follow(one.watch.plan_unassigned, (), detach=False)

    assert [A] == reports.tests
    assert [("1.0",)] == one.scheduler.cancelled
    assert following.left_message.startswith("fugaku: 1 job cancelled; 2 of 2 tests in jobs have results")


def test_leaving_at_once_after_a_refusal_fails(one: Following) -> None:
    one.scheduler.refusals = [SubmitError("no such group", "set fugaku_group", retry=False)]

    with pytest.raises(BadInput) as refusal:
        followed(one)[0].submit_and_follow(one.watch.plan_unassigned, (), detach=True)

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
