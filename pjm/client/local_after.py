"""Applies `after=` when marked tests run without jobs: orders them, and skips tests whose requirement failed."""

from __future__ import annotations

from typing import Dict, Generator, List, Mapping, Optional, Tuple

import pytest

from pjm.errors import BadInput
from pjm.identity import identity
from pjm.job.share_events import passed, reason_to_skip
from pjm.marks import after
from pjm.marks.marks import MarkedTest, wishes
from pjm.plan.settings import defaults


def keep_order(session: pytest.Session) -> None:
    """Make the marked tests keep to `after=` and `ranks=` when they run without jobs.

    Raises:
        BadInput: a mark is invalid.
    """
    wanted, manager = wishes(session.items, defaults(session.config)), session.config.pluginmanager
    chains = LocalChains(wanted)
    if any(wish.after for wish in wanted.values()):
        session.items[:] = in_order(session.items, wanted)
        manager.register(chains, "pjm.chains")
    if any(wish.resources.ranks for wish in wanted.values()):
        from pjm.client.local_ranks import LocalRanks

        manager.register(LocalRanks(session, wanted, chains.not_passed), "pjm.ranks")


def in_order(items: List[pytest.Item], wanted: Mapping[str, MarkedTest]) -> List[pytest.Item]:
    """The items, each moved behind the tests that it waits for; otherwise the order is kept."""
    by_identity = {identity(item): item for item in items}
    waits = {test: wanted[test].after if test in wanted else () for test in by_identity}
    return [by_identity[test] for test in after.in_order(waits)]


class LocalChains:
    """The plugin that follows `after=` while marked tests run here."""

    def __init__(self, wanted: Mapping[str, MarkedTest]) -> None:
        self._wishes = wanted
        self._waited_for = {before for wish in wanted.values() for before in wish.after}
        self._reports: Dict[str, List[Tuple[str, str]]] = {}
        self._running = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Remember which test runs."""
        self._running = identity(item)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test that waits for one that did not pass. If that one has not run at all, the test fails."""
        test = identity(item)
        before = self.not_passed(test)
        if before is not None and before not in self._reports:
            pytest.fail(str(_not_run(test, before)), pytrace=False)
        if before is not None:
            pytest.skip(reason_to_skip(before))

    def not_passed(self, test: str) -> Optional[str]:
        """The first test that this one waits for and that has not passed; None if it may run."""
        after = self._wishes[test].after if test in self._wishes else ()
        return next((before for before in after if not passed(self._reports.get(before, ()))), None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the outcomes of the tests that others wait for."""
        if self._running in self._waited_for:
            self._reports.setdefault(self._running, []).append((str(report.when), report.outcome))


def _not_run(waiting: str, before: str) -> BadInput:
    return BadInput(
        f"{waiting} waits for {before}, which has not run in this process",
        "workers of pytest-xdist know nothing of each other's tests",
        "have one worker run the whole file: add --dist loadfile"
        if waiting.split("::")[0] == before.split("::")[0]
        else "they are in two files: have one process run both: add -n0",
    )
