"""Learns how long marked tests take without `--fugaku`, so that the first jobs are packed by more than their number."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Optional

import pytest

from pjm.client.conflicts import stays_here
from pjm.follow.durations import EMULATED, Durations
from pytest_pjm import MARK

if TYPE_CHECKING:
    from pjm.plan.settings import Settings

SLOWER = 5.0  # how many times as long a test may take on a compute node: its cores are slower than those of a PC
_NAME = "pjm.times"


class LocalTimes:
    """The plugin that keeps the durations of marked tests that pass in this process, or in workers of pytest-xdist.

    Args:
        config: the configuration of pytest, with its cache.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._spent: Dict[str, float] = {}
        self._passed: Dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the phases of a test."""
        if MARK not in report.keywords:
            return
        spent = self._spent.pop(report.nodeid, 0.0) + (report.duration if _has_run(report) else math.inf)
        if report.when != "teardown":
            self._spent[report.nodeid] = spent
        elif spent < math.inf:
            self._passed[report.nodeid] = spent

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Save the durations, if pytest's cache can be written."""
        durations = _durations(self._config) if self._passed else None
        if durations is not None:
            for test, seconds in self._passed.items():
                durations.note(test, seconds)
            durations.save()


def _has_run(report: pytest.TestReport) -> bool:
    """Whether a phase took as long as it takes: it passed, or failed as expected."""
    return report.passed or hasattr(report, "wasxfail")


def learn(config: pytest.Config) -> None:
    """Keep the durations of this session, unless it runs no test."""
    if not (config.pluginmanager.hasplugin(_NAME) or stays_here(config.option)):
        config.pluginmanager.register(LocalTimes(config), _NAME)


def guessed(config: pytest.Config, settings: Settings) -> Dict[str, float]:
    """Seconds that tests may take in jobs, by what they took on this machine."""
    here = _durations(config)
    known = here.known() if here is not None else {}
    if settings.emulate:
        return known
    known.update(Durations(settings.workdir / EMULATED).known())
    return {test: seconds * SLOWER for test, seconds in known.items()}


def _durations(config: pytest.Config) -> Optional[Durations]:
    """The durations in pytest's cache; None if there is no cache."""
    cache: Optional[pytest.Cache] = getattr(config, "cache", None)
    with contextlib.suppress(OSError):
        return Durations(Path(cache.mkdir("pjm")) / "durations.json") if cache is not None else None
    return None
