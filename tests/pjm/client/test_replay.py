"""What pytest is told of a test whose process died: each phase once, and then what went wrong."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from pjm.batch.roots import Roots
from pjm.client.replay import Replay, placed
from pjm.errors import BadInput
from pjm.follow.results import NoResult, Result

TROUBLE = NoResult("it took its process down", "run it alone", "job 1")


class Listener:
    """Stands where an item and its configuration have pytest's hooks."""

    def __init__(self) -> None:
        self.seen: List[Tuple[str, str]] = []

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        pass

    def pytest_runtest_logfinish(self, nodeid: str, location: object) -> None:
        pass

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seen.append((str(report.when), report.outcome))

    def pytest_report_from_serializable(self, config: object, data: Dict[str, Any]) -> pytest.TestReport:
        return pytest.TestReport._from_json(data)


def told(phase: Optional[str], reported: Sequence[Tuple[str, str]]) -> List[Tuple[str, str]]:
    """When and outcome of what is told of a test that gave such reports and died in that phase."""
    hook = Listener()
    config: Any = SimpleNamespace(hook=hook)
    item: Any = SimpleNamespace(
        nodeid="a.py::a", location=("a.py", 1, "a"), path=Path("a.py"), keywords={}, user_properties=[], ihook=hook
    )
    events: List[Dict[str, Any]] = []
    for when, outcome in reported:
        report = pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)  # type: ignore[arg-type]
        events.append({"event": "report", "data": report._to_json()})
    Replay(config, {item.nodeid: item}).report(Result(item.nodeid, events, phase, TROUBLE))
    return hook.seen


def test_what_a_plugin_gathered_and_this_version_of_it_does_not_understand_is_refused() -> None:
    hook = Listener()
    config: Any = SimpleNamespace(hook=hook, _benchmarksession=SimpleNamespace())
    item: Any = SimpleNamespace(nodeid="a.py::a", location=("a.py", 1, "a"), ihook=hook, config=config)
    replay = Replay(config, {item.nodeid: item})
    unknown = {"event": "book", "plugin": "of a later version", "entries": 1}

    replay.report(Result(item.nodeid, [unknown]))
    with pytest.raises(BadInput) as refusal:
        replay.report(Result(item.nodeid, [{**unknown, "plugin": "pytest-benchmark", "entries": {}}]))

    assert "what pytest-benchmark gathered of a.py::a in a job cannot be taken over" == refusal.value.what


SKIP = ("/there/a.py", 3, "not today")
LOOKUP = "file /there/a.py, line 3\nE   fixture 'x' of /there/b.py not found\n\n/there/a.py:3"
CRASH = {"reprcrash": {"path": "/there/a.py", "lineno": 3}, "chain": [({"path": "/therefore/a.py"}, None)]}


@pytest.mark.parametrize(
    ("longrepr", "expected"),
    [
        (SKIP, ("/here/a.py", 3, "not today")),
        (LOOKUP, "file /here/a.py, line 3\nE   fixture 'x' of /there/b.py not found\n\n/here/a.py:3"),
        (CRASH, {"reprcrash": {"path": "/here/a.py", "lineno": 3}, "chain": [[{"path": "/therefore/a.py"}, None]]}),
        (None, None),
    ],
    ids=["skip", "text", "failure", "passed"],
)
def test_a_report_names_the_files_of_this_machine(longrepr: object, expected: object) -> None:
    assert expected == placed(longrepr, Roots(((Path("/here"), "/there"),)))


@pytest.mark.parametrize(
    ("phase", "reported", "made_up"),
    [
        (None, [], [("setup", "failed"), ("teardown", "passed")]),
        ("setup", [], [("setup", "failed"), ("teardown", "passed")]),
        ("setup", [("setup", "passed")], [("call", "failed"), ("teardown", "passed")]),
        ("setup", [("setup", "failed")], [("teardown", "failed")]),
        ("call", [("setup", "passed")], [("call", "failed"), ("teardown", "passed")]),
        ("call", [("setup", "passed"), ("call", "passed")], [("teardown", "failed")]),
        ("call", [("setup", "passed"), ("call", "failed")], [("teardown", "failed")]),
        ("teardown", [("setup", "passed"), ("call", "passed")], [("teardown", "failed")]),
        ("teardown", [("setup", "failed")], [("teardown", "failed")]),
    ],
)
def test_each_phase_is_told_once(
    phase: Optional[str], reported: List[Tuple[str, str]], made_up: List[Tuple[str, str]]
) -> None:
    assert [*reported, *made_up] == told(phase, reported)
