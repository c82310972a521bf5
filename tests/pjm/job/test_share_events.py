"""The events of a share: which tests are done, which one runs, what is left, and whether a test has passed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List, Tuple, cast

import pytest

from pjm.batch.scheduler import Resources
from pjm.client.local_after import LocalChains
from pjm.follow.results import Result
from pjm.job.share_events import Reading, SuiteProperty, TestEvents, outcomes, passed
from pjm.marks.marks import MarkedTest

Events = List[Dict[str, Any]]


def report(when: str, outcome: str = "passed") -> Dict[str, Any]:
    return {"event": "report", "data": {"when": when, "outcome": outcome}}


def start(test: str) -> Dict[str, Any]:
    return {"event": "start", "test": test, "time": 2.0}


PASSES = [report(when) for when in ("setup", "call", "teardown")]
CRASH = {"event": "crash", "test": "a", "how": "signal 9", "printed": [["Captured stdout call", "x"]]}


@pytest.mark.parametrize(
    ("events", "done"),
    [
        ([start("a"), *PASSES, {"event": "stop", "test": "a"}], {"a": True}),
        ([start("a"), report("setup", "failed"), {"event": "stop", "test": "a"}], {"a": False}),
        ([start("a"), *PASSES], {}),
        ([start("a"), *PASSES, CRASH], {"a": False}),
        ([start("a"), *PASSES, {"event": "begin"}, {"event": "stop", "test": "a"}], {}),
        ([start("a"), {"event": "stop", "test": "b"}], {}),
        ([{"event": "stop", "test": "a"}], {}),
        ([{"event": "missing", "test": "a", "why": "no such test", "outcome": "failed"}], {"a": False}),
        ([{"event": "of a later version"}], {}),
    ],
    ids=[
        "passed",
        "failed",
        "runs",
        "crashed",
        "its process died",
        "another stopped",
        "never began",
        "missing",
        "unknown",
    ],
)
def test_a_test_is_done_when_it_has_stopped_crashed_or_is_not_there(events: Events, done: Dict[str, bool]) -> None:
    reading = Reading()
    reading.take(events)

    assert done == reading.done
    assert [test for test in ("a", "b") if test not in done] == reading.left(["a", "b"])


def test_a_test_that_is_done_has_its_reports_its_phase_and_what_it_printed() -> None:
    reading = Reading()

    assert [] == reading.take([start("a"), {"event": "phase", "test": "a", "when": "call"}, PASSES[0]])
    assert TestEvents("a", [PASSES[0]], "call", started=2.0) == reading.running
    (crashed,) = reading.take([CRASH])

    printed = (["Captured stdout call", "x"],)
    assert TestEvents("a", [PASSES[0]], "call", 2.0, crash="signal 9", printed=printed) == crashed  # type: ignore[arg-type]
    assert None is reading.running


def test_a_share_has_ended_when_it_says_so_and_began_with_its_first_process() -> None:
    reading = Reading()
    properties = reading.take(
        [
            {"event": "begin", "time": 1.0},
            {"event": "suite-property", "name": "n", "value": "v"},
            {"event": "begin", "time": 5.0},
        ]
    )

    assert ([SuiteProperty("n", "v")], 1.0, False) == (properties, reading.began, reading.ended)
    reading.take([{"event": "end"}])
    assert reading.ended


def test_only_reports_have_an_outcome() -> None:
    assert [("call", "failed")] == list(outcomes([{"event": "warning"}, report("call", "failed")]))


def finish(code: int, explained: bool = True, text: str = "") -> Dict[str, Any]:
    return {"event": "finish", "code": code, "explained": explained, "text": text}


def exited(code: int, unended: str = "") -> Dict[str, Any]:
    return {"event": "exit", "code": code, "unended": unended}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([finish(1), exited(1)], []),
        ([finish(17, explained=False), exited(17)], [("which none of its tests caused", "", 17)]),
        ([finish(1, text="Traceback"), exited(1)], [("outside its tests", "Traceback", 1)]),
        ([finish(0, text="lost"), exited(0)], [("outside its tests", "lost", 1)]),
        ([finish(0), exited(139)], [("exit code 139 after exit code 0 of pytest", "", 139)]),
        ([finish(1), exited(0)], [("exit code 0 after exit code 1 of pytest", "", 1)]),
        ([finish(0), exited(1, "Thread 1")], [("was given up", "Thread 1", 0)]),
        ([exited(139)], [("in the middle of its session", "", 139)]),
        ([exited(5)], []),
        ([start("a"), CRASH, exited(137)], []),
        ([finish(0)], []),
    ],
    ids=str,
)
def test_what_goes_wrong_after_the_tests_of_a_process_is_said(events: Events, expected: List[Any]) -> None:
    reading = Reading()
    reading.take([{"event": "begin"}, *events])

    (process,) = reading.processes
    ends = list(process.bad_ends())

    assert [(text, code) for _, text, code in expected] == [(text, code) for _, text, code in ends]
    assert all(words in happened for (words, _, _), (happened, _, _) in zip(expected, ends))


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
