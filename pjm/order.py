"""Which tests must pass before which: `after=` among node ids, checked, and the chains it makes."""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence, Set

from pjm.errors import BadInput


def check(after: Mapping[str, Sequence[str]]) -> None:
    """See whether all tests can run.

    Args:
        after: for each test in the collected order, those that must pass before it.

    Raises:
        BadInput: one that is not there, or a circle.
    """
    for nodeid, before in after.items():
        missing = [name for name in before if name not in after]
        if missing:
            raise BadInput(
                f"{nodeid}: its mark fugaku says after={missing[0]!r}",
                "no such test is among those that are to run as jobs",
                "name a test that is marked and selected too",
            )
    circle = never_ready(after)
    if circle:
        raise BadInput(
            f"{circle[0]}: its mark fugaku says after= in a circle",
            f"these tests wait for one another: {', '.join(circle)}",
            "take one after= out of the circle",
        )


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


def never_ready(after: Mapping[str, Sequence[str]]) -> List[str]:
    """Tests in a circle, or after one: what is left when all that can run have run."""
    waits = {nodeid: len(set(before)) for nodeid, before in after.items()}
    followers: Dict[str, List[str]] = {}
    for nodeid, before in after.items():
        for name in set(before):
            followers.setdefault(name, []).append(nodeid)
    ready = [nodeid for nodeid, count in waits.items() if count == 0]
    while ready:
        name = ready.pop()
        del waits[name]
        for nodeid in followers.get(name, ()):
            waits[nodeid] -= 1
            if waits[nodeid] == 0:
                ready.append(nodeid)
    return list(waits)
