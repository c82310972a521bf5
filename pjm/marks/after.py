"""The dependencies of `after=`: the order in which tests must run, and the chains of dependent tests."""

from __future__ import annotations

import heapq
from typing import Dict, List, Mapping, Sequence, Set


def in_order(after: Mapping[str, Sequence[str]]) -> List[str]:
    """The tests, each moved behind the tests that must pass before it (``after``); otherwise the order is kept.

    Returns:
        All tests, except those that wait for each other or for a missing test, directly or indirectly.
    """
    tests = list(after)
    places = {nodeid: place for place, nodeid in enumerate(tests)}
    waits = {nodeid: len(set(before)) for nodeid, before in after.items()}
    followers: Dict[str, List[str]] = {}
    for nodeid, before in after.items():
        for name in set(before):
            followers.setdefault(name, []).append(nodeid)
    ready = [places[nodeid] for nodeid, count in waits.items() if count == 0]  # a sorted list is a heap
    ordered = []
    while ready:
        ordered.append(tests[heapq.heappop(ready)])
        for nodeid in followers.get(ordered[-1], ()):
            waits[nodeid] -= 1
            if waits[nodeid] == 0:
                heapq.heappush(ready, places[nodeid])
    return ordered


def never_ready(after: Mapping[str, Sequence[str]]) -> List[str]:
    """The tests that `in_order` leaves out."""
    ordered = set(in_order(after))
    return [nodeid for nodeid in after if nodeid not in ordered]


def chains(after: Mapping[str, Sequence[str]]) -> List[List[str]]:
    """Groups of tests that depend on each other, directly or indirectly; the order is kept."""
    leader = {nodeid: nodeid for nodeid in after}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for nodeid, before in after.items():
        for name in before:
            leader[find(nodeid)] = find(name)
    groups: Dict[str, List[str]] = {}
    for nodeid in after:
        groups.setdefault(find(nodeid), []).append(nodeid)
    return list(groups.values())


def waited_for(nodeid: str, after: Mapping[str, Sequence[str]]) -> List[str]:
    """The tests that must pass before a test, directly or indirectly; the order is kept."""
    needed: Set[str] = set()
    open_tests = [nodeid]
    while open_tests:
        new = set(after.get(open_tests.pop(), ())) - needed
        needed |= new
        open_tests += new
    return [name for name in after if name in needed]
