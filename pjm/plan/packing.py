"""Which tests share a job: by what they ask for, how long they took before, and which must pass before which."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from pjm.batch.scheduler import Resources
from pjm.elapse import elapse_text
from pjm.errors import BadInput
from pjm.marks import after as order
from pjm.marks.mark import Request

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,51}", re.ASCII)  # with "-" and a number at most 63, PJM's longest name
_ROOM_FOR_NEEDS = 2000  # characters of step numbers: they stand twice in a line of 4096, the longest of a job script
_LEAST_SECONDS = 0.01  # of a test: pytest's own work around it is in no recorded duration


@dataclass(frozen=True)
class Task:
    """One test that is to run in a job.

    Attributes:
        nodeid: as pytest has it.
        request: what its mark asks for; its `after` is not looked at here.
        module: tests of the same module are kept together where they fit, so that they share its fixtures.
        seconds: how long it took before; None if nobody knows.
        after: node ids of the tests that must pass before it; each of them is a task too.
    """

    nodeid: str
    request: Request
    module: str
    seconds: Optional[float] = None
    after: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """What the packing has to keep to.

    Attributes:
        group: who is charged; None leaves it to the site.
        gfscache: volumes that the jobs read, joined with ":"; None for none.
        bulk_limit: most sub jobs of one bulk job (Fugaku accepts 2,000 of a group).
        tests_per_job: most tests of a job if nobody knows how long they take.
        start_up: seconds of a job's elapse limit that are kept free for starting Python and importing.
        safety: a test is expected to take this many times as long as before.
    """

    group: Optional[str] = None
    gfscache: Optional[str] = None
    bulk_limit: int = 2000
    tests_per_job: int = 20
    start_up: float = 60.0
    safety: float = 1.5


@dataclass(frozen=True)
class Share:
    """What one script runs: a normal job, a sub job of a bulk job, or a step.

    Attributes:
        nodeids: its tests, in the order in which they run.
        resources: what it asks for.
        expected: seconds that its tests are expected to take, without margin.
        untimed: how many of them nobody has timed, so that this is a guess.
        needs: numbers of the shares of its job that must have succeeded before.
    """

    nodeids: Tuple[str, ...]
    resources: Resources
    expected: float
    needs: Tuple[int, ...] = ()
    untimed: int = 0


@dataclass(frozen=True)
class Job:
    """One job: one share makes a normal job, several a bulk job or, if one needs another, a step job.

    Attributes:
        name: unique among all that are submitted.
        shares: what its parts run; the index is the part's bulk or step number.
    """

    name: str
    shares: Tuple[Share, ...]

    @property
    def step(self) -> bool:
        """Whether its parts wait for one another."""
        return any(share.needs for share in self.shares)

    @property
    def bulk(self) -> Optional[int]:
        """The number of sub jobs of a bulk job; None for the others."""
        return len(self.shares) if len(self.shares) > 1 and not self.step else None

    @property
    def nodeids(self) -> Tuple[str, ...]:
        """All its tests."""
        return tuple(nodeid for share in self.shares for nodeid in share.nodeids)

    @property
    def node_hours(self) -> float:
        """What it costs at most."""
        return sum(share.resources.node_hours for share in self.shares)


def pack(tasks: Sequence[Task], site: Site, prefix: str) -> Tuple[Job, ...]:
    """Jobs for tests, in the order of their first tests.

    Tests that ask for the same resources share jobs, in the order given; what is expected of a share with more than
    one test stays within its elapse limit. A test that does not fit has a share of its own: see `overlong`.

    Args:
        tasks: in the collected order, each node id once.
        site: what to keep to.
        prefix: what the names of the jobs begin with: a letter, then letters, digits, "-" and "_", at most 52.

    Raises:
        BadInput: a test comes after more others than a script can name.
        ValueError: an `after` that is not among the tasks, or a circle of them.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} cannot begin the name of a job")
    places = {task.nodeid: place for place, task in enumerate(tasks)}
    if len(places) != len(tasks):
        raise ValueError("a node id comes twice")
    if order.never_ready({task.nodeid: task.after for task in tasks}):
        raise ValueError("tests wait for one another, or for one that is not there")
    chained = {task.nodeid for task in tasks if task.after} | {name for task in tasks for name in task.after}
    plans = list(_bulk_plans([task for task in tasks if task.nodeid not in chained], site))
    chains = order.chains({task.nodeid: task.after for task in tasks if task.nodeid in chained})
    plans += [_step_plan([tasks[places[nodeid]] for nodeid in chain], site) for chain in chains]
    plans.sort(key=lambda shares: min(places[nodeid] for share in shares for nodeid in share.nodeids))
    return tuple(Job(f"{prefix}-{number}", shares) for number, shares in enumerate(plans))


def overlong(tasks: Iterable[Task], site: Site) -> Tuple[Task, ...]:
    """Tests that took so long before that their elapse limit would cut them off, start-up of the job included."""
    return tuple(task for task in tasks if (task.seconds or 0) > _usable(task.request.elapse, site))


def describe_overlong(task: Task) -> BadInput:
    """The message for one test of `overlong`."""
    return BadInput(
        f"{task.nodeid}: its elapse limit is {elapse_text(task.request.elapse)}",
        f"it took {elapse_text(task.seconds or 0)} before, and its job takes some time to start",
        f'write for example elapse="{elapse_text(2 * (task.seconds or 0) + 120)}" in its mark',
    )


def _usable(elapse: int, site: Site) -> float:
    """Seconds of an elapse limit that tests may take; never less than half of it, however short it is."""
    return max(elapse - site.start_up, elapse / 2)


def _expected(task: Task, site: Site) -> float:
    """Seconds a test is expected to take; an unknown one as if tests_per_job of its kind filled a job."""
    if task.seconds is None:
        return _usable(task.request.elapse, site) / site.tests_per_job / site.safety
    return max(task.seconds, _LEAST_SECONDS)


def _resources(task: Task, site: Site) -> Resources:
    request = task.request
    return Resources(request.nodes, request.elapse, request.rscgrp, site.group, site.gfscache, request.env)


def _fill(tasks: Sequence[Task], site: Site) -> List[List[Task]]:
    """Tests of equal resources, cut into shares that fit, each module in as few of them as it can be."""
    shares: List[List[Task]] = []
    room = -1.0
    for _, module in itertools.groupby(tasks, key=lambda task: task.module):
        members = list(module)
        capacity = _usable(members[0].request.elapse, site) * (1 + 1e-9)  # so that n times 1/n is not too much
        loads = [_expected(task, site) * site.safety for task in members]
        if _touched(loads, room, capacity) > _touched(loads, -1.0, capacity):
            room = -1.0  # the module's fixtures would be set up once more than they need
        for task, load in zip(members, loads):
            if load > room:
                shares.append([])
                room = capacity
            shares[-1].append(task)
            room -= load
    return shares


def _touched(loads: Sequence[float], room: float, capacity: float) -> int:
    """How many shares these tests are in if they begin in one with that much room."""
    count = 0 if loads[0] > room else 1
    for load in loads:
        if load > room:
            count += 1
            room = capacity
        room -= load
    return count


def _share(tasks: Sequence[Task], site: Site, needs: Tuple[int, ...] = ()) -> Share:
    expected = sum(_expected(task, site) for task in tasks)
    untimed = sum(task.seconds is None for task in tasks)
    return Share(tuple(task.nodeid for task in tasks), _resources(tasks[0], site), expected, needs, untimed)


def _bulk_plans(tasks: Sequence[Task], site: Site) -> Iterable[Tuple[Share, ...]]:
    """The shares of each normal or bulk job."""
    groups: Dict[Resources, List[Task]] = {}
    for task in tasks:
        groups.setdefault(_resources(task, site), []).append(task)
    for members in groups.values():
        shares = [_share(filled, site) for filled in _fill(members, site)]
        for start in range(0, len(shares), site.bulk_limit):
            yield tuple(shares[start : start + site.bulk_limit])


def _step_plan(chain: Sequence[Task], site: Site) -> Tuple[Share, ...]:
    """The steps of one chain: each test that another waits for has its own, the others share by what they wait for."""
    tasks = {task.nodeid: task for task in chain}
    waited_for = {name for task in chain for name in task.after}
    ordered = order.in_order({task.nodeid: task.after for task in chain})
    alone = [[tasks[nodeid]] for nodeid in ordered if nodeid in waited_for]
    number = {task.nodeid: place for place, (task,) in enumerate(alone)}
    steps: List[Share] = []
    for members in (*alone, *_last_steps([task for task in chain if task.nodeid not in waited_for], site)):
        needs = tuple(sorted({number[name] for name in members[0].after}))
        _check_room(members[0], needs)
        steps.append(_share(members, site, needs))
    return tuple(steps)


def _check_room(task: Task, needs: Tuple[int, ...]) -> None:
    if len("".join(f":{need}" for need in needs)) > _ROOM_FOR_NEEDS:
        raise BadInput(
            f"{task.nodeid}: its mark fugaku says after= of {len(needs)} tests",
            "no line of a job script has room to name them all; there is for some 500",
            "name fewer tests, or tests that come after some of them each",
        )


def _last_steps(tasks: Sequence[Task], site: Site) -> Iterable[List[Task]]:
    """Tests that no other waits for, cut into steps."""
    alike: Dict[Tuple[Resources, Tuple[str, ...]], List[Task]] = {}
    for task in tasks:
        alike.setdefault((_resources(task, site), tuple(sorted(task.after))), []).append(task)
    for members in alike.values():
        yield from _fill(members, site)
