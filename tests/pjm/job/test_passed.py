"""Whether a test has passed is the same everywhere: here, in a job, and for the client."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import List, Tuple, cast

import pytest

from pjm.batch.scheduler import Resources
from pjm.client.local_after import LocalChains
from pjm.follow.results import Result
from pjm.job.share_events import Reading, passed
from pjm.marks.marks import MarkedTest

Reports = List[Tuple[str, str]]

CASES = {
    "passes": ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], True),
    "fails": ([("setup", "passed"), ("call", "failed"), ("teardown", "passed")], False),
    "skips itself": ([("setup", "passed"), ("call", "skipped"), ("teardown", "passed")], False),
    "is skipped": ([("setup", "skipped"), ("teardown", "passed")], False),
    "fails in setup": ([("setup", "failed"), ("teardown", "passed")], False),
    "fails in teardown": ([("setup", "passed"), ("call", "passed"), ("teardown", "failed")], False),
    "has a failed subtest": (
        [("setup", "passed"), ("call", "failed"), ("call", "passed"), ("teardown", "passed")],
        False,
    ),
    "passes in the end": (
        [("setup", "passed"), ("call", "rerun"), ("setup", "passed"), ("call", "passed"), ("teardown", "passed")],
        True,
    ),
    "never passes": ([("setup", "passed"), ("call", "rerun"), ("setup", "passed"), ("call", "failed")], False),
    "has failed in setup before": ([("setup", "rerun"), ("setup", "passed"), ("call", "passed")], True),
}
OTHER = MarkedTest(Resources(1, 60), ("a",))


def item(name: str) -> pytest.Item:
    config = SimpleNamespace(rootpath=Path())
    return cast(pytest.Item, SimpleNamespace(nodeid=name, stash=pytest.Stash(), config=config, listchain=list))


def here(reports: Reports) -> bool:
    """Whether a test that waits for it is skipped where it runs without jobs."""
    chains = LocalChains({"b": OTHER})
    next(chains.pytest_runtest_protocol(item("a")))
    for when, outcome in reports:
        chains.pytest_runtest_logreport(cast(pytest.TestReport, SimpleNamespace(when=when, outcome=outcome)))
    try:
        chains.pytest_runtest_setup(item("b"))
    except pytest.skip.Exception:
        return False
    return True


def in_a_job(reports: Reports) -> bool:
    reading = Reading()
    reading.take([{"event": "start", "test": "a"}])
    reading.take({"event": "report", "data": {"when": when, "outcome": outcome}} for when, outcome in reports)
    reading.take([{"event": "stop", "test": "a"}])
    return reading.done["a"]


def for_the_client(reports: Reports) -> bool:
    events = [{"event": "report", "data": {"when": when, "outcome": outcome}} for when, outcome in reports]
    return Result("a", events).passed


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_same_everywhere(case: str) -> None:
    reports, expected = CASES[case]

    assert [expected] * 4 == [passed(reports), here(reports), in_a_job(reports), for_the_client(reports)]
