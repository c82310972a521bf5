"""Which tests must pass before which: the order that `after=` asks for, and the chains it makes."""

from __future__ import annotations

import heapq
from typing import Dict, List, Mapping, Sequence, Set


def in_order(after: Mapping[str, Sequence[str]]) -> List[str]:
    """The tests, each moved behind those that must pass before it, otherwise in the order given.

    Args:
        after: for each test, those that must pass before it.

    Returns:
        All but those that wait for one another, or for one that is not there, directly or not.
    """
    tests = list(after)
    places = {nodeid: place for place, nodeid in enumerate(tests)}
    waits = {nodeid: len(set(before)) for nodeid, before in after.items()}
    followers: Dict[str, List[str]] = {}
    for nodeid, before in after.items():
        for name in set(before):
            followers.setdefault(name, []).append(nodeid)
    ready = [places[nodeid] for nodeid, count in waits.items() if count == 0]  # sorted, and so a heap
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
    """Tests that have to do with one another, directly or not; the order given is kept."""
    leader = {nodeid: nodeid for nodeid in after}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for nodeid, before in after.items():
        for name in before:
            leader[find(nodeid)] = find(name)
    found: Dict[str, List[str]] = {}
    for nodeid in after:
        found.setdefault(find(nodeid), []).append(nodeid)
    return list(found.values())


def waited_for(nodeid: str, after: Mapping[str, Sequence[str]]) -> List[str]:
    """The tests that have to pass before one, directly or not; in the order given."""
    found: Set[str] = set()
    looked_at = [nodeid]
    while looked_at:
        new = set(after.get(looked_at.pop(), ())) - found
        found |= new
        looked_at += new
    return [name for name in after if name in found]
