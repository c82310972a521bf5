"""The plugin in a job: exactly the tests of a share run, and everything that pytest would report is written."""

from __future__ import annotations

from typing import List, Sequence, Tuple

import pytest

from pjm.job.assignment import Assignment
from pjm.job.events import Event, SureLog, Tail
from pjm.job.share_events import Reading
from pjm.job.worker_plugin import WorkerPlugin

TESTS = """
import warnings
import pytest

def test_a(): pass
def test_b(record_property, record_testsuite_property):
    record_property("test", 1)
    record_testsuite_property("suite", 2)
    warnings.warn("mind the gap")
@pytest.mark.parametrize("n", range(2))
def test_c(n): assert n
"""
# As pytest-timeout has it.
TIMEOUT = """
def pytest_addoption(parser):
    parser.addoption("--session-timeout", dest="session_timeout", type=float, default=9)

def pytest_runtest_teardown(item):
    if item.config.option.session_timeout < 1:
        item.session.shouldfail = "session-timeout"
"""


def run(pytester: pytest.Pytester, tests: Sequence[str], *arguments: str) -> List[Event]:
    """Run tests as a job does; its events."""
    pytester.makepyfile(test_it=TESTS)
    events = pytester.path / "events.jsonl"
    files = tuple(dict.fromkeys(str(pytester.path / test.partition("::")[0]) for test in tests))
    assignment = Assignment(tuple(tests), files, files, arguments, pytester.path, events, {}, True, "xunit1", 3.0)
    plugin = WorkerPlugin(SureLog(events), tests, assignment)
    pytester.inline_run(*arguments, "-p", "pytest_pjm", plugins=[plugin])
    return Tail(events).read()


def ran(events: Sequence[Event]) -> List[str]:
    return [event["test"].partition("::")[2] for event in events if event["event"] == "start"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-k", "nothing"],
        ["-x", "--lf", "--sw"],
        ["--deselect=test_it.py::test_a", "-m", "slow"],
        ["--collect-only", "--co"],
        ["--no-option-of-this-environment"],
        ["--fugaku", "--fugaku-emulate", "--junitxml=junit.xml"],
        ["another.py"],
        ["--log-file=log.txt"],
        ["-o", "log_file=log.txt"],
        ["--session-timeout=0.5"],
    ],
    ids=" ".join,
)
def test_exactly_the_tests_of_the_share_run_in_its_order(pytester: pytest.Pytester, arguments: List[str]) -> None:
    pytester.makeconftest(TIMEOUT)

    events = run(pytester, ["test_it.py::test_c[0]", "test_it.py::test_c[1]", "test_it.py::test_a"], *arguments)

    assert ["test_c[0]", "test_c[1]", "test_a"] == ran(events)
    assert [False, True, True] == list(taken(events).done.values())
    assert not (pytester.path / "junit.xml").exists()
    assert not (pytester.path / "log.txt").exists()
    assert any("log" in word for word in arguments) == (pytester.path / "pytest.log").exists()
    # Before pytest 9, any run without --stepwise empties its cache.
    assert {path.name for path in pytester.path.glob(".pytest_cache/v/cache/*")} <= {"stepwise"}


def taken(events: Sequence[Event]) -> Reading:
    reading = Reading()
    reading.take(events)
    return reading


def test_what_pytest_would_report_is_written_in_order(pytester: pytest.Pytester) -> None:
    events = run(pytester, ["test_it.py::test_b"], "-Wdefault")

    assert [
        *("plugins", "start", "phase", "report", "phase", "suite-property", "report", "phase", "report"),
        *("warning", "stop"),
    ] == [event["event"] for event in events]
    assert ["setup", "call", "teardown"] == [event["when"] for event in events if event["event"] == "phase"]
    properties = [event["data"]["user_properties"] for event in events if event["event"] == "report"]
    assert [[], ["test", 1], ["test", 1]] == [list(*each) for each in properties]
    (warning,) = (event for event in events if event["event"] == "warning")
    assert ("mind the gap", ["builtins", "UserWarning"]) == (warning["message"], warning["category"])


@pytest.mark.parametrize(
    ("test", "content", "expected"),
    [
        ("test_it.py::test_z", "", ("failed", "no such test was collected in the job")),
        ("test_other.py::test_z", "import not_there", ("failed", "No module named 'not_there'")),
        (
            "test_other.py::test_z",
            "import pytest\npytest.skip('not here', allow_module_level=True)",
            ("skipped", "not here"),
        ),
    ],
    ids=["unknown", "broken", "skipped"],
)
def test_a_test_that_is_not_collected_is_missing_with_the_reason(
    pytester: pytest.Pytester, test: str, content: str, expected: Tuple[str, str]
) -> None:
    pytester.makepyfile(test_other=content)

    events = run(pytester, [test, "test_it.py::test_a"])

    (missing,) = (event for event in events if event["event"] == "missing")
    assert (test, expected[0]) == (missing["test"], missing["outcome"])
    assert expected[1] in missing["why"]
    assert ["test_a"] == ran(events)


def test_a_test_that_ends_the_session_says_how(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n@pytest.fixture(autouse=True)\ndef exits(): pytest.exit('enough')\n")

    events = run(pytester, ["test_it.py::test_a"])

    assert ["_pytest.outcomes.Exit: enough"] == [event["how"] for event in events if event["event"] == "stopped"]


@pytest.mark.parametrize(("name", "failed"), [("shouldstop", False), ("shouldfail", True)])
def test_a_plugin_that_has_had_enough_is_heard(pytester: pytest.Pytester, name: str, failed: bool) -> None:
    pytester.makeconftest(f"def pytest_runtest_teardown(item): item.session.{name} = 'enough'\n")

    events = run(pytester, ["test_it.py::test_a"])

    assert [(failed, "enough")] == [(event["failed"], event["why"]) for event in events if event["event"] == "enough"]
