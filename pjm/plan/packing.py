"""Packs tests into jobs, by their resources, durations and `after=`; compares new jobs with the budget."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Collection, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from pjm.batch.scheduler import Resources
from pjm.counted import counted
from pjm.elapse import elapse_text
from pjm.errors import BadInput
from pjm.marks.after import chains, in_order

_ROOM_FOR_NEEDS = 2000  # characters of step numbers: a line holds them twice, and may have 4096 characters
_TESTS_PER_JOB = 20  # if nothing is known of them, and there are few of them
_SAFETY = 1.5  # factor by which a test may take longer than before
_LEAST_SECONDS = 0.01  # for each test: recorded durations do not include pytest's own work around a test


@dataclass(frozen=True)
class Task:
    """One test that will run in a job.

    Attributes:
        nodeid: pytest's node id.
        resources: what its mark asks for.
        module: tests of the same module are kept together if possible, so that they share its fixtures.
        seconds: how long the test took in a job before; None if unknown.
        guess: how long it may take, by what is known from elsewhere; `seconds` counts before it. None if unknown.
        after: node ids of the tests that must pass before it; each of them is a task too.
        group: tests of the same group run in one job, unless that would take too long; None for no group.
        bound: whether the tests of the group run in one job in any case.
    """

    nodeid: str
    resources: Resources
    module: str
    seconds: Optional[float] = None
    after: Tuple[str, ...] = ()
    group: Optional[str] = None
    bound: bool = False
    guess: Optional[float] = None

    @property
    def likely(self) -> Optional[float]:
        """Seconds that it is likely to take; None if nothing is known."""
        return self.guess if self.seconds is None else self.seconds


@dataclass(frozen=True)
class Site:
    """The limits and settings of the packing.

    Attributes:
        group: group that is charged; None leaves it to the site.
        gfscache: volumes that the jobs read, joined with ":"; None if there are none.
        bulk_limit: most sub jobs of one bulk job (Fugaku accepts 2,000 of a group).
        tests_per_job: most tests of a job if nothing is known of their durations; None: see `unknown_jobs`.
        unknown_jobs: most jobs of tests of which nothing is known and that ask for the same, without `tests_per_job`.
        start_up: seconds of a job's elapse limit that are kept free for starting Python and importing.
        elapse_step: elapse limits are rounded up to a multiple of so many seconds.
    """

    group: Optional[str] = None
    gfscache: Optional[str] = None
    bulk_limit: int = 2000
    tests_per_job: Optional[int] = None
    unknown_jobs: int = 4
    start_up: float = 60.0
    elapse_step: int = 1


@dataclass(frozen=True)
class Share:
    """What one script runs: a normal job, a sub job of a bulk job, or a step.

    Attributes:
        nodeids: its tests, in the order in which they run.
        resources: what it asks for.
        expected: seconds that its tests are expected to take, without margin and without those that are not timed.
        untimed: of how many of its tests nothing is known.
        needs: numbers of the shares of the same job that must succeed before.
    """

    nodeids: Tuple[str, ...]
    resources: Resources
    expected: float
    needs: Tuple[int, ...] = ()
    untimed: int = 0


@dataclass(frozen=True)
class Job:
    """One job. One share makes a normal job, several make a bulk job or, if one needs another, a step job.

    Attributes:
        name: unique among all submitted jobs.
        shares: what its sub jobs or steps run; the index is the bulk or step number.
    """

    name: str
    shares: Tuple[Share, ...]

    @property
    def step(self) -> bool:
        """Whether some of its shares wait for others."""
        return any(share.needs for share in self.shares)

    @property
    def bulk(self) -> Optional[int]:
        """The number of sub jobs of a bulk job; None for other jobs."""
        return len(self.shares) if len(self.shares) > 1 and not self.step else None

    @property
    def nodeids(self) -> Tuple[str, ...]:
        """Node ids of all its tests."""
        return tuple(nodeid for share in self.shares for nodeid in share.nodeids)

    @property
    def node_hours(self) -> float:
        """The most node-hours that the job can cost."""
        return sum(share.resources.node_hours for share in self.shares)


def pack(tasks: Sequence[Task], site: Site, prefix: str) -> Tuple[Job, ...]:
    """Pack tests into jobs, ordered by their first tests.

    Tests that ask for the same resources share jobs, in the order given. The expected time of a share with several
    tests stays within its elapse limit. A test that does not fit has a share of its own: see `overlong`.

    Args:
        tasks: the tests in collected order, each node id once; `after` names some of them, and never in a circle.
        site: limits and settings.
        prefix: beginning of the jobs' names, at most 52 characters: PJM's longest name has 63.

    Raises:
        BadInput: a test waits for more tests than a script can name.
    """
    places = {task.nodeid: place for place, task in enumerate(tasks)}
    chained = {task.nodeid for task in tasks if task.after} | {name for task in tasks for name in task.after}
    if not site.tests_per_job and 2 * sum(task.likely is None for task in tasks) <= len(tasks):
        tasks = _with_guesses(tasks, site)
    plans = list(_bulk_plans([task for task in tasks if task.nodeid not in chained], site))
    groups = chains({task.nodeid: task.after for task in tasks if task.nodeid in chained})
    plans += [_step_plan([tasks[places[nodeid]] for nodeid in group], site) for group in groups]
    plans.sort(key=lambda shares: min(places[nodeid] for share in shares for nodeid in share.nodeids))
    return tuple(Job(f"{prefix}-{number}", shares) for number, shares in enumerate(plans))


def pack_some(
    tasks: Sequence[Task],
    tests: Collection[str],
    site: Site,
    name: str,
    taken: Collection[str],
    measured: Mapping[str, float],
    cut_off: Mapping[str, float],
) -> Tuple[Job, ...]:
    """Pack some of the tests. They wait only for tests that are packed with them.

    Args:
        tasks: all tests in collected order.
        tests: node ids of the tests to pack.
        site: limits and settings.
        name: beginning of the jobs' names; the number of their generation follows.
        taken: names of earlier jobs; the new generation has none of them.
        measured: seconds that tests of this session took, by node id.
        cut_off: seconds that tests had run when their job ended; those run again.
    """
    wanted = set(tests)
    tasks = [replace(task, seconds=measured.get(task.nodeid, task.seconds)) for task in tasks]
    if measured:
        tasks = _with_guesses(tasks, site)
    tasks = [replace(task, seconds=cut_off.get(task.nodeid, task.seconds)) for task in tasks]
    some = [task for task in tasks if task.nodeid in wanted]
    some = [replace(task, after=tuple(before for before in task.after if before in wanted)) for task in some]
    prefixes = (f"{name}-{generation}" for generation in itertools.count())
    prefix = next(prefix for prefix in prefixes if not any(job.startswith(f"{prefix}-") for job in taken))
    return pack(some, site, prefix)


def check_budget(new: Sequence[Job], budget: Optional[float], before: float = 0.0) -> None:
    """Check that new jobs stay within the budget of the whole session, in node-hours; None is no limit.

    ``before`` are the node-hours that the other jobs of the session have used or request.

    Raises:
        BadInput: the jobs would cost more than the budget allows.
    """
    cost = sum(job.node_hours for job in new)
    if budget is None or not new or before + cost <= budget:
        return
    extra = f", and this session has used or requested {before:.2f}" if before else ""
    raise BadInput(
        f"--fugaku-budget allows {budget:g} node-hours",
        f"{counted(len(new), 'job')} would request {cost:.2f}{extra}: nothing was submitted",
        "allow more, select fewer tests, or lower nodes= and elapse= in their marks",
    )


def _with_guesses(tasks: Sequence[Task], site: Site) -> Sequence[Task]:
    """The tests; of one of which nothing is known, the guess is the mean of those that ask for the same."""
    alike: Dict[Resources, List[float]] = {}
    for task in tasks:
        if task.likely is not None:
            alike.setdefault(_resources(task, site), []).append(task.likely)
    means = {resources: sum(seconds) / len(seconds) for resources, seconds in alike.items()}
    return [replace(task, guess=means.get(_resources(task, site))) if task.likely is None else task for task in tasks]


def overlong(tasks: Iterable[Task], site: Site) -> Tuple[Tuple[Task, ...], ...]:
    """Tests, and bound groups, that took too long before for the elapse limit of their job, start-up included."""
    groups: Dict[Tuple[bool, str], List[Task]] = {}
    for task in tasks:
        groups.setdefault((task.bound, str(task.group) if task.bound else task.nodeid), []).append(task)
    return tuple(tuple(group) for group in groups.values() if _took(group) > _usable(group[0].resources.elapse, site))


def describe_overlong(group: Sequence[Task]) -> BadInput:
    """The message for one test, or one group, of `overlong`."""
    it = f"together={group[0].group!r}, {len(group)} tests" if group[0].bound else group[0].nodeid
    return BadInput(
        f"{it}: the elapse limit is {elapse_text(group[0].resources.elapse)}",
        f"it took {elapse_text(_took(group))} before, and its job takes some time to start",
        f'write for example elapse="{elapse_text(2 * _took(group) + 120)}" in the mark',
    )


def rounded(tasks: Iterable[Task], site: Site) -> str:
    """A sentence about the elapse limits that were rounded up; "" if none was."""
    odd = [task for task in tasks if task.resources.elapse % site.elapse_step]
    if not odd:
        return ""
    now, then = elapse_text(odd[0].resources.elapse), elapse_text(_resources(odd[0], site).elapse)
    return (
        f"elapse limits of {counted(len(odd), 'test')} are rounded up to multiples of {site.elapse_step} s, in which "
        f"the batch system counts: {odd[0].nodeid} has {then} instead of {now}"
    )


def _took(tasks: Iterable[Task]) -> float:
    """Seconds that tests took in jobs before, as far as that is known."""
    return sum(task.seconds or 0 for task in tasks)


def _usable(elapse: int, site: Site) -> float:
    """Seconds of an elapse limit that tests may take: the limit without the start-up, but at least half the limit."""
    return max(elapse - site.start_up, elapse / 2)


def _load(task: Task, site: Site, size: int) -> float:
    """Seconds of a job to keep free for a test. If nothing is known of it, `size` such tests fill a job."""
    if task.likely is None:
        return _usable(task.resources.elapse, site) / size
    return max(task.likely, _LEAST_SECONDS) * _SAFETY


def _resources(task: Task, site: Site) -> Resources:
    elapse = -(-task.resources.elapse // site.elapse_step) * site.elapse_step
    return replace(task.resources, elapse=elapse, group=site.group, gfscache=site.gfscache)


def _fill(tasks: Sequence[Task], site: Site) -> List[List[Task]]:
    """Cut tests of equal resources into shares that fit, with at most `unknown_jobs` for those not timed yet."""
    unknown = sum(task.likely is None for task in tasks)
    size = site.tests_per_job or max(_TESTS_PER_JOB, -(-unknown // site.unknown_jobs))
    shares = _cut(tasks, site, size)
    # Modules are kept together, which can take more shares than the numbers of tests alone would.
    while not site.tests_per_job and size < unknown and _count_untimed(shares) > site.unknown_jobs:
        size += size // 4
        shares = _cut(tasks, site, size)
    return shares


def _count_untimed(shares: Iterable[Sequence[Task]]) -> int:
    return sum(any(task.likely is None for task in share) for share in shares)


def _cut(tasks: Sequence[Task], site: Site, size: int) -> List[List[Task]]:
    """Cut tests into shares that fit, and keep each module in as few shares as possible."""
    shares: List[List[Task]] = []
    room = -1.0
    places = {task.nodeid: place for place, task in enumerate(tasks)}
    for _, module in itertools.groupby(_units(tasks, site), key=lambda unit: unit[0].module):
        units = list(module)
        capacity = _usable(tasks[0].resources.elapse, site) * (1 + 1e-9)  # so that n times 1/n fits despite rounding
        loads = [sum(_load(task, site, size) for task in unit) for unit in units]
        if _touched(loads, room, capacity) > _touched(loads, -1.0, capacity):
            room = -1.0  # a new share: otherwise the module's fixtures would be set up once more than necessary
        for unit, load in zip(units, loads):
            if load > room:
                shares.append([])
                room = capacity
            shares[-1] += unit
            room -= load
    return [sorted(share, key=lambda task: places[task.nodeid]) for share in shares]


def _units(tasks: Sequence[Task], site: Site) -> Iterable[List[Task]]:
    """Tests that share a job: a group, or a test of none. A group is parted only if its known durations do not fit."""
    units: Dict[Tuple[bool, str], List[Task]] = {}
    for task in tasks:
        units.setdefault((task.bound, task.group or task.nodeid), []).append(task)
    for unit in units.values():
        likely = sum(task.likely or 0 for task in unit)
        if unit[0].bound or likely * _SAFETY <= _usable(unit[0].resources.elapse, site):
            yield unit
        else:
            yield from ([task] for task in unit)


def _touched(loads: Sequence[float], room: float, capacity: float) -> int:
    """How many shares these tests need if the first share has that much room."""
    count = 0 if loads[0] > room else 1
    for load in loads:
        if load > room:
            count += 1
            room = capacity
        room -= load
    return count


def _share(tasks: Sequence[Task], site: Site, needs: Tuple[int, ...] = ()) -> Share:
    expected = sum(max(task.likely, _LEAST_SECONDS) for task in tasks if task.likely is not None)
    untimed = sum(task.likely is None for task in tasks)
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
    """The steps of one chain. A test that others wait for is a step of its own.

    The other tests share a step if they wait for the same tests.
    """
    tasks = {task.nodeid: task for task in chain}
    waited_for = {name for task in chain for name in task.after}
    ordered = in_order({task.nodeid: task.after for task in chain})
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
    """Cut tests that no other test waits for into steps; the tests of a step wait for the same tests."""
    alike: Dict[Tuple[Resources, Tuple[str, ...]], List[Task]] = {}
    for task in tasks:
        alike.setdefault((_resources(task, site), tuple(sorted(task.after))), []).append(task)
    for members in alike.values():
        yield from _fill(members, site)
