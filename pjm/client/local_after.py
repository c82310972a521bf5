"""Applies `after=` when marked tests run in this process: orders them, and skips tests whose requirement failed."""

from __future__ import annotations

from typing import Dict, List, Mapping, Tuple

import pytest

from pjm.errors import BadInput
from pjm.identity import identity
from pjm.job.passed import passed, reason_to_skip
from pjm.marks import after
from pjm.marks.marks import MarkedTest, wishes
from pjm.plan.settings import defaults


def keep_order(session: pytest.Session) -> None:
    """Make the marked tests keep to `after=` when they run in this process.

    Raises:
        BadInput: a mark is invalid.
    """
    wanted = wishes(session.items, defaults(session.config))
    if any(wish.after for wish in wanted.values()):
        session.items[:] = in_order(session.items, wanted)
        session.config.pluginmanager.register(LocalChains(wanted), "pjm.chains")


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

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test that waits for one that did not pass. If that one has not run at all, the test fails."""
        self._running = identity(item)
        wish = self._wishes.get(self._running)
        for before in wish.after if wish is not None else ():
            if before not in self._reports:
                pytest.fail(str(_not_run(self._running, before)), pytrace=False)
            if not passed(self._reports[before]):
                pytest.skip(reason_to_skip(before))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the outcomes of the tests that others wait for."""
        if self._running in self._waited_for:
            self._reports.setdefault(self._running, []).append((str(report.when), report.outcome))


def _not_run(waiting: str, before: str) -> BadInput:
    return BadInput(
        f"{waiting} waits for {before}, which has not run in this process",
        "workers of pytest-xdist know nothing of each other's tests",
        "have one worker run the whole file: add --dist loadfile",
    )
