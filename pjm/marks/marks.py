"""Reads the marks `fugaku` of pytest's items: what each test asks for, and which tests must pass before it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, Sequence, Tuple, Union

import pytest

from pjm import suggest
from pjm.batch.scheduler import Resources
from pjm.errors import BadInput
from pjm.identity import identity
from pjm.marks.after import never_ready
from pjm.marks.mark import Defaults, Request, from_mark
from pytest_pjm import MARK


@dataclass(frozen=True)
class MarkedTest:
    """The marks of one item.

    Attributes:
        resources: what the job of the test asks for.
        after: the tests that must pass before.
        together: as in `Request`.
    """

    resources: Resources
    after: Tuple[str, ...] = ()
    together: Union[str, bool, None] = None


def wishes(items: Sequence[pytest.Item], defaults: Defaults) -> Dict[str, MarkedTest]:
    """Read the marks of all marked items, by identity, in their order.

    Raises:
        BadInput: an argument is invalid, an `after` names no marked test, or tests wait for each other in a circle.
    """
    marked = {identity(item): item for item in items if item.get_closest_marker(MARK)}
    requests = {name: _request(item, defaults) for name, item in marked.items()}
    tests = {}
    names = _by_name(items) if any(request.after for request in requests.values()) else {}
    for name, request in requests.items():
        after = _resolve(marked[name], request.after, names, marked) if request.after else ()
        tests[name] = MarkedTest(request.resources, after, request.together)
    check_together(tests, {test: where(item) for test, item in marked.items()})
    check_circles(tests, {name: where(marked[name]) for name, test in tests.items() if test.after})
    return tests


def where(item: pytest.Item) -> str:
    """File and line of an item, for messages."""
    path, line, _ = item.location
    return f"{path}:{(line or 0) + 1}"


def check_circles(tests: Mapping[str, MarkedTest], places: Mapping[str, str]) -> None:
    """Raise BadInput if tests wait for each other."""
    circle = never_ready({nodeid: test.after for nodeid, test in tests.items()})
    if circle:
        raise BadInput(
            f"{places[circle[0]]}: the marks fugaku of {len(circle)} tests say after= in a circle",
            f"these tests wait for each other, directly or indirectly: {', '.join(circle)}",
            "take one after= out of the circle",
        )


def check_together(tests: Mapping[str, MarkedTest], places: Mapping[str, str]) -> None:
    """Raise BadInput if tests that say together= cannot share a job."""
    first: Dict[str, str] = {}
    chained = {name for test in tests.values() for name in test.after}
    for name, test in tests.items():
        group = test.together
        if not isinstance(group, str):
            continue
        other = first.setdefault(group, name)
        if test.after or name in chained:
            raise BadInput(
                f"{places[name]}: the mark fugaku says together={group!r}",
                f"{name} waits for another test or is waited for with after=, which makes a job's step of its own",
                "leave out after=: the tests of a group run in their order; or leave out together=",
            )
        if test.resources != tests[other].resources:
            raise BadInput(
                f"{places[name]}: the mark fugaku says together={group!r}",
                f"{other} at {places[other]} asks for other nodes=, ranks=, elapse=, rscgrp= or env=: a job has one",
                "have all tests of the group ask for the same",
            )


def _request(item: pytest.Item, defaults: Defaults) -> Request:
    """Merge the marks of an item. The closest mark wins: the function's, then the class's, then the module's."""
    merged: Dict[str, object] = {}
    spoken: Dict[Tuple[int, str], object] = {}
    unlimited = replace(defaults, limits={})  # one mark may name the group, and another mark the nodes
    place = where(item)
    for node, mark in item.iter_markers_with_node(MARK):
        if mark.args:
            from_mark(mark.args, mark.kwargs, place, unlimited)
        for key, value in mark.kwargs.items():
            before = spoken.setdefault((id(node), key), value)
            if before != value:
                raise BadInput(
                    f"{place}: {item.nodeid} has two marks fugaku that exclude each other",
                    f"one says {key}={value!r}, the other {key}={before!r}",
                    "leave one of them",
                )
            if key == "env" and isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
                merged[key] = {**value, **merged[key]}  # type: ignore[dict-item]
            else:
                merged.setdefault(key, value)
        from_mark((), mark.kwargs, place, unlimited)
    return from_mark((), merged, place, defaults)


def _select_both(item: pytest.Item, name: str, prefixes: Sequence[str]) -> str:
    """The command that selects a test of this name and the item that waits for it; "" if its file is not known."""
    nodes = (item.getparent(pytest.Class), item.getparent(pytest.Module))
    holders = {above: getattr(node, "obj", None) for above, node in zip(prefixes, nodes)}
    tests = (above + name for above, holder in holders.items() if hasattr(holder, name.partition("[")[0]))
    test = name if "::" in name else next(tests, None)
    if test is None:
        return ""
    chosen = [way for way in ("emulate", "dry_run") if getattr(item.config.option, f"fugaku_{way}", False)]
    options = [f"--fugaku-{way.replace('_', '-')}" for way in chosen]
    if not options and getattr(item.config.option, "fugaku", False):
        options = ["--fugaku"]
    return suggest.run([_typed(test, item.config), _typed(identity(item), item.config)], *options)


def _typed(test: str, config: pytest.Config) -> str:
    """A node id, which is relative to the root folder, as it is typed in the current one."""
    file, colons, rest = test.partition("::")
    return os.path.relpath(str(config.rootpath / file), str(config.invocation_params.dir)) + colons + rest


def _by_name(items: Sequence[pytest.Item]) -> Dict[str, List[pytest.Item]]:
    """Items by the names that `after=` may use for them: with and without parameters."""
    names: Dict[str, List[pytest.Item]] = {}
    for item in items:
        plain = getattr(item, "originalname", None) or item.name.split("[")[0]
        ends = {item.name, str(plain)}
        above = _above(item)
        for end in ends:
            names.setdefault(end, []).append(item)
            if above:
                names.setdefault(above + end, []).append(item)
    return names


def _above(item: pytest.Item) -> str:
    """The identity of an item up to its name: file and class."""
    test = identity(item)
    return test[: -len(item.name)] if test.endswith(item.name) else "".join(test.partition("[")[0].rpartition("::")[:2])


def _resolve(
    item: pytest.Item, name: str, names: Mapping[str, List[pytest.Item]], marked: Mapping[str, pytest.Item]
) -> Tuple[str, ...]:
    """The tests that a name means: in the same class, else in the same module, else anywhere."""
    above = _above(item)
    module = identity(item).split("::")[0] + "::"
    matches = names.get(name, []) if "::" in name else []
    for prefix in (above, module):
        matches = matches or names.get(prefix + name, [])
    if not matches and "::" not in name:
        matches = [other for other in names.get(name, []) if other is not item]
        if len(set(map(_above, matches))) > 1:
            places = ", ".join(sorted(map(identity, matches))[:3])
            raise BadInput(
                f"{where(item)}: the mark fugaku says after={name!r}",
                f"there are several tests of that name: {places}",
                "give the whole node id",
            )
    if not matches:
        both = _select_both(item, name, (above, module))
        raise BadInput(
            f"{where(item)}: the mark fugaku says after={name!r}",
            "no such test was collected and selected",
            f"select both, as with: {both}"
            if both
            else "select it too: name its file as well, and leave out a -k or -m that it does not match",
        )
    unmarked = [identity(other) for other in matches if identity(other) not in marked]
    if unmarked:
        raise BadInput(
            f"{where(item)}: the mark fugaku says after={name!r}",
            f"{unmarked[0]} is not marked, so that it does not run in a job",
            "mark it with @pytest.mark.fugaku too",
        )
    return tuple(dict.fromkeys(map(identity, matches)))
