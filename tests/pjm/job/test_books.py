"""What jobs send of other plugins' books. The plugins themselves are tried by tests/end_to_end/plugins."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Dict, List, Tuple

import pytest

from pjm.errors import BadInput
from pjm.job.books import Benchmark, Benchmarks, Snapshots, books

STATS = {"min": 1.0, "data": [1.0, 2.0], "iterations": 1}
FIELDS = {"name": "test_a", "fullname": "a.py::test_a", "group": None, "stats": STATS, "has_error": False}


class Measured:
    """Stands where pytest-benchmark has the measurement of a test."""

    has_error = False

    def as_dict(self, cprofile: object) -> Dict[str, Any]:
        return {name: value for name, value in FIELDS.items() if name != "has_error"}


def benchmarked(*benchmarks: object) -> Any:
    """A configuration with pytest-benchmark's session."""
    session = SimpleNamespace(
        benchmarks=list(benchmarks), cprofile_sort_by=None, get_machine_info=lambda: {"node": "compute"}
    )
    return SimpleNamespace(_benchmarksession=session, pluginmanager=SimpleNamespace(register=lambda *words: None))


def test_a_process_without_the_plugins_has_nothing_to_send() -> None:
    config: Any = SimpleNamespace()

    assert [None, None] == [book.take(config) for book in books().values()]


def test_a_measurement_leaves_the_job_and_is_the_same_at_the_client() -> None:
    job, client = benchmarked(Measured()), benchmarked()
    here = Benchmarks()

    taken = here.take(job)
    Benchmarks().enter(SimpleNamespace(config=client), taken)  # type: ignore[arg-type]

    assert ([], None) == (job._benchmarksession.benchmarks, here.take(job))
    (made,) = client._benchmarksession.benchmarks
    assert {**made.as_dict(), "has_error": made.has_error} == FIELDS


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"name": "test_a", "stats": STATS}),
        ({"include_data": False}, {"name": "test_a", "stats": {"min": 1.0, "iterations": 1}}),
        ({"flat": True}, {"name": "test_a", **STATS}),
        ({"stats": False}, {"name": "test_a"}),
    ],
    ids=str,
)
def test_a_measurement_has_the_facts_that_are_asked_for(asked: Dict[str, bool], expected: Dict[str, object]) -> None:
    made = Benchmark(FIELDS)

    assert {"fullname": "a.py::test_a", "group": None, **expected} == made.as_dict(**asked)
    assert (1.0, "test_a", 1.0, 7) == (made["min"], made["name"], made.get("min"), made.get("unknown", 7))


def test_the_client_describes_the_machine_of_the_jobs() -> None:
    client = Benchmarks()

    client.enter(SimpleNamespace(config=benchmarked()), Benchmarks().take(benchmarked(Measured())))  # type: ignore[arg-type]
    machine = {"node": "login"}
    client.pytest_benchmark_update_machine_info(machine)

    assert {"node": "compute"} == machine


class Json:
    """Stands where syrupy has the base class of all kinds of snapshots."""


class Assertion:
    """Stands where syrupy has an assertion."""

    def __init__(self, session: Any, extension_class: type, test_location: object, update_snapshots: bool) -> None:
        self.extension = extension_class()
        self.executions: Dict[int, Any] = {}
        self._execution_results = self.executions
        session._assertions.append(self)


@pytest.fixture
def syrupy(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {"extensions.base": ("AbstractSyrupyExtension", Json), "assertion": ("SnapshotAssertion", Assertion)}
    contents["location"] = ("PyTestLocation", tuple)
    for name in ("syrupy", "syrupy.extensions"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, (kind, value) in contents.items():
        module = ModuleType(f"syrupy.{name}")
        setattr(module, kind, value)
        monkeypatch.setitem(sys.modules, module.__name__, module)


def session(queue: object) -> Any:
    """Syrupy's session, with one assertion if something is queued."""
    made = SimpleNamespace(_assertions=[], _queued_snapshot_writes=queue, written=[])
    made._collected_items, made._selected_items = {"a"}, {"a": "not run"}
    made.queue_snapshot_write = lambda *words: made.written.append((type(words[0]), *words[2:]))
    return made


QUEUES: Dict[str, object] = {
    "a list": {(Json, "a.ambr"): [("1", "place", 0), ("2", "place", "name")]},
    "a dictionary": {(Json, "a.ambr"): {("place", 0): "1", ("place", "name"): "2"}},
}


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.usefixtures("syrupy")
def test_snapshots_are_used_and_written_by_the_client_and_not_in_the_job(queue: str) -> None:
    job, client = session(QUEUES[queue]), session({})
    result = {"snapshot_location": "a.ambr", "created": False, "updated": True, "success": True}
    Assertion(job, Json, None, False).executions[0] = SimpleNamespace(**result, snapshot_name="test_a", other=object())

    taken = Snapshots().take(SimpleNamespace(_syrupy=job))  # type: ignore[arg-type]
    item: Any = Item(client)
    Snapshots().enter(item, taken)

    assert ([], {}, set(), {}) == (
        job._assertions,
        job._queued_snapshot_writes,
        job._collected_items,
        job._selected_items,
    )
    assert Snapshots().take(SimpleNamespace(_syrupy=job)) is None  # type: ignore[arg-type]
    used = [each for assertion in client._assertions for each in assertion.executions.values()]
    assert [("a.ambr", "test_a", True)] == [(each.snapshot_location, each.snapshot_name, each.updated) for each in used]
    assert [(Json, "1", 0), (Json, "2", "name")] == client.written


class Item(List[object]):
    """Stands where the client has an item; the made-up PyTestLocation makes a tuple of it."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.config = SimpleNamespace(_syrupy=session)


@pytest.mark.parametrize("name", [("os", "system"), ("nosuch", "Json"), (__name__, "Item"), (__name__, "Json.Inner")])
@pytest.mark.usefixtures("syrupy")
def test_a_class_that_the_client_does_not_have_is_refused_and_nothing_else_is_run(name: Tuple[str, str]) -> None:
    item: Any = Item(session({}))

    with pytest.raises(BadInput) as refusal:
        Snapshots().enter(item, {"assertions": [{"extension": name, "results": []}], "writes": []})

    assert f"a job used snapshots of the class {name[1]}, which is not known here" == refusal.value.what
