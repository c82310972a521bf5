"""The books of other plugins: what a plugin gathers in its process, to judge or save it when the session is over.

A job takes the entries of each test out of the book. They travel with the test's reports, and the client enters them
into the book of the same plugin there, which judges and saves them all. A plugin that sends its own entries, as to the
controller of pytest-xdist (`config.workeroutput`), needs nothing here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Dict, List, Mapping, Tuple, Union

import pytest

from pjm.errors import BadInput


def books() -> Dict[str, Union[Benchmarks, Snapshots]]:
    """The books that are known, by plugin. Each job and the client have objects of their own for them.

    `take` removes and returns a test's entries in a job, as values that an event can have; None if there are none.
    `enter` enters them at the client.
    """
    return {"pytest-benchmark": Benchmarks(), "syrupy": Snapshots()}


class Benchmarks:
    """The measurements of pytest-benchmark: saved, compared and shown by the client."""

    def __init__(self) -> None:
        self._machine: Dict[str, Any] = {}

    def take(self, config: pytest.Config) -> Any:
        """The measurements of a test, and what describes the machine."""
        session = getattr(config, "_benchmarksession", None)
        if session is None or not session.benchmarks:
            return None
        self._machine = self._machine or session.get_machine_info()
        profile = (session.cprofile_sort_by, getattr(session, "cprofile_top", 25))
        taken = [{**each.as_dict(cprofile=profile), "has_error": each.has_error} for each in session.benchmarks if each]
        session.benchmarks.clear()
        return {"machine": self._machine, "benchmarks": taken}

    def enter(self, item: pytest.Item, entries: Any) -> None:
        """Add the measurements to those of the client; the description of the first job's machine counts."""
        session = getattr(item.config, "_benchmarksession", None)
        if session is None:
            return
        if not self._machine:
            self._machine = entries["machine"]
            item.config.pluginmanager.register(self, "pjm.benchmarks")
        session.benchmarks += map(Benchmark, entries["benchmarks"])

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_benchmark_update_machine_info(self, machine_info: Dict[str, Any]) -> None:
        """Describe the machine of the jobs, not that of the client."""
        machine_info.clear()
        machine_info.update(self._machine)


class Benchmark:
    """A measurement from a job, in place of `pytest_benchmark.stats.Metadata`."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.has_error = bool(fields["has_error"])
        self.fullname = str(fields["fullname"])
        self._numbers: Dict[str, Any] = fields["stats"]
        self._fields = {name: value for name, value in fields.items() if name not in ("stats", "has_error")}

    def __getitem__(self, name: str) -> Any:
        return self._numbers[name] if name in self._numbers else self._fields[name]

    def get(self, name: str, default: object = None) -> Any:
        """A number or a fact by its name."""
        return self._numbers.get(name, self._fields.get(name, default))

    def as_dict(
        self, include_data: bool = True, flat: bool = False, stats: bool = True, cprofile: object = None
    ) -> Dict[str, Any]:
        """All facts, as the plugin's own class gives them; the job has chosen the lines of the profile."""
        numbers = {name: value for name, value in self._numbers.items() if include_data or name != "data"}
        return {**self._fields, **({} if not stats else numbers if flat else {"stats": numbers})}


_RESULT = ("snapshot_location", "snapshot_name", "created", "updated", "success")


class Snapshots:
    """The snapshots of syrupy: written, and looked through for unused ones, by the client alone."""

    def take(self, config: pytest.Config) -> Any:
        """The assertions of a test, and the snapshots that it wants to write."""
        session = getattr(config, "_syrupy", None)
        if session is None:
            return None
        # Without items, nothing counts as unused here: the client has the assertions of all jobs.
        session._collected_items.clear()
        session._selected_items.clear()
        if not session._assertions:
            return None
        assertions = [
            {
                "extension": _name(type(assertion.extension)),
                "results": [{name: getattr(each, name) for name in _RESULT} for each in assertion.executions.values()],
            }
            for assertion in session._assertions
        ]
        queued = getattr(session, "_queued_snapshot_writes", {})  # of syrupy 4.7 and later
        writes = [[_name(kind), *each] for (kind, _), writes in queued.items() for each in _data_and_index(writes)]
        session._assertions.clear()
        queued.clear()
        return {"assertions": assertions, "writes": writes}

    def enter(self, item: pytest.Item, entries: Any) -> None:
        """Repeat the assertions without asserting anything, and queue what is to be written."""
        session = getattr(item.config, "_syrupy", None)
        if session is None:
            return
        from syrupy.assertion import SnapshotAssertion
        from syrupy.location import PyTestLocation

        place = PyTestLocation(item)

        def assertion(name: Tuple[str, str]) -> Any:
            return SnapshotAssertion(
                session=session, extension_class=_extension(name), test_location=place, update_snapshots=False
            )

        for each in entries["assertions"]:
            results = (SimpleNamespace(final_data="", test_location=place, **result) for result in each["results"])
            assertion(each["extension"])._execution_results.update(enumerate(results))
        for name, data, index in entries["writes"]:
            session.queue_snapshot_write(assertion(name).extension, place, data, index)


def _data_and_index(queue: Any) -> List[Tuple[Any, Any]]:
    """What syrupy wants to write into one file: a dictionary since syrupy 5, a list before."""
    if isinstance(queue, dict):
        return [(data, index) for (_, index), data in queue.items()]
    return [(data, index) for data, _, index in queue]


def _name(kind: type) -> Tuple[str, str]:
    return (kind.__module__, kind.__qualname__)


def _extension(name: Tuple[str, str]) -> type:
    """A class of snapshots by its name. Only syrupy's own modules are imported: collection has loaded all others."""
    module, kind = name
    if module.startswith("syrupy.extensions."):
        import_module(module)
    found = sys.modules.get(module)
    for part in kind.split("."):
        found = getattr(found, part, None)
    from syrupy.extensions.base import AbstractSyrupyExtension

    if not (isinstance(found, type) and issubclass(found, AbstractSyrupyExtension)):
        raise BadInput(
            f"a job used snapshots of the class {kind}, which is not known here",
            f"no module {module} that is loaded here has it",
            "define it at the top of a module that the tests import",
        )
    return found
