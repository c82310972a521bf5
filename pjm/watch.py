"""Poll, tail, deliver: follows the jobs of a session until every test has a result."""

from __future__ import annotations

import dataclasses
import time
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from pjm.errors import BadInput
from pjm.explaining import explain
from pjm.options import Settings
from pjm.packing import Job, Task, pack
from pjm.parts import FollowedJob, Part, Stage
from pjm.planning import Workplace, copy_code, write_job
from pjm.reading import SuiteProperty, TestEvents
from pjm.results import Result, Told, Trouble
from pjm.scheduler import Ending, Phase, Scheduler, Status, UnansweredError
from pjm.session import Session
from pjm.submitting import Submitter

_LOST = Ending(
    False,
    "vanished: the batch system knows it neither among the waiting and running nor among the ended, and it left no end",
    "ask the site what became of it, then run the test again: --lf",
    retry=True,
)


class Watch:
    """Follows a session's jobs. It never waits itself, and never asks more often than its settings say.

    Args:
        session: locked.
        scheduler: that runs the jobs.
        settings: how often, how long, how patiently.
        tasks: every test that runs in a job, in order.
        place: what all jobs have in common.
        clock: seconds, of any origin.
        wall: seconds since the epoch.
    """

    def __init__(
        self,
        session: Session,
        scheduler: Scheduler,
        settings: Settings,
        tasks: Sequence[Task],
        place: Workplace,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.session = session
        self.jobs: List[FollowedJob] = []
        self.results: Dict[str, Result] = {}
        self.polls = 0
        self._scheduler = scheduler
        self._settings = settings
        self._tasks = {task.nodeid: task for task in tasks}
        self._place = place
        self._clock = clock
        self._wall = wall
        self._submitter = Submitter(session, scheduler, settings, clock, wall)
        self._assigned: Dict[str, FollowedJob] = {}
        self._tried_again: Dict[str, int] = {}
        self._by_folder: Dict[str, FollowedJob] = {}
        self._told: List[Told] = []
        self._next_poll = 0.0
        self._next_tail = 0.0
        self._interval = settings.poll[0]
        self._unanswered: Optional[str] = None

    @property
    def done(self) -> bool:
        """Whether every test has a result."""
        return len(self.results) == len(self._tasks) and not any(job.open for job in self.jobs)

    @property
    def submitted(self) -> bool:
        """Whether every job was handed over, or refused."""
        return all(job.stage not in (Stage.PLANNED, Stage.UNCERTAIN) for job in self.jobs)

    @property
    def trouble(self) -> Optional[str]:
        """What the batch system refuses or does not answer at present."""
        return self._submitter.trouble or self._unanswered

    @property
    def requested(self) -> float:
        """Node-hours of all jobs, as requested."""
        return sum(job.node_hours for job in self.jobs)

    def adopt(self, job: FollowedJob, forget: bool = False) -> None:
        """Follow a job that is in the session folder already; forget it if it was cancelled, but for its results."""
        self.jobs.append(job)
        self._by_folder[job.folder.name] = job
        if forget:
            self._read(job.parts)
            job.stage = Stage.CANCELLED
            for part in job.parts:
                part.closed, part.outcome = True, "cancelled"
            return
        for test in job.tests:
            self._assigned[test] = job
            if job.retry:
                self._tried_again[test] = self._tried_again.get(test, 0) + 1

    def plan_unassigned(self) -> List[Job]:
        """The jobs for tests that have none yet; nothing is written."""
        left = [test for test in self._tasks if test not in self.results and test not in self._assigned]
        return self._pack(left)

    def start(self, jobs: Sequence[Job], retry: bool = False, delay: float = 0.0) -> None:
        """Write jobs into the session folder and have them submitted in the next step."""
        copy_code(self.session)
        for job in jobs:
            followed = write_job(self.session, job, self._place, retry)
            followed.due = self._clock() + delay
            self.session.note("planned", job=job.name)
            self.adopt(followed)

    def step(self) -> List[Told]:
        """Do what is due; give what has become known since the last step."""
        self._submitter.submit_due(self.jobs)
        now = self._clock()
        if now >= self._next_poll:
            self._poll()
        if now >= self._next_tail:
            self._read(part for job in self.jobs for part in job.parts if not part.closed and job.stage is Stage.SUBMITTED)
            self._next_tail = self._clock() + self._settings.tail
        self._close_ended()
        told, self._told = self._told, []
        return told

    def pause(self) -> float:
        """Seconds until something is due."""
        due = [self._next_poll, self._next_tail]
        due += [job.due for job in self.jobs if job.stage in (Stage.PLANNED, Stage.UNCERTAIN)]
        return max(0.0, min(due) - self._clock())

    def collect(self) -> List[Told]:
        """What the files say, without asking the batch system."""
        self._read(part for job in self.jobs for part in job.parts if not part.closed)
        told, self._told = self._told, []
        return told

    def cancel(self) -> Tuple[str, ...]:
        """Delete every job that has not ended, in one command.

        Returns:
            The ids.

        Raises:
            UnansweredError: the batch system did not take it.
        """
        open_jobs = [job for job in self.jobs if job.open]
        for job in open_jobs:
            if job.stage is Stage.UNCERTAIN:
                ids = self._scheduler.find(job.name)
                for part, part_id in zip(job.parts, ids):
                    part.id = part_id
        ids = tuple(
            part.id for job in open_jobs for part in job.parts if part.id and not part.closed and part.ending is None
        )
        self.session.note("cancelling", jobs=[job.name for job in open_jobs])
        if ids:
            self._scheduler.cancel(ids)
        self.session.note("cancelled", jobs=[job.name for job in open_jobs])
        for job in open_jobs:
            job.stage = Stage.CANCELLED
            for part in job.parts:
                if not part.closed:
                    part.closed, part.outcome = True, "cancelled"
        return ids

    def cancel_again(self, jobs: Sequence[FollowedJob]) -> None:
        """Make sure that jobs are deleted whose deletion may not have been heard."""
        ids = [part.id for job in jobs for part in job.parts if part.id]
        if ids:
            try:
                self._scheduler.cancel(ids)
            except UnansweredError as error:
                self._unanswered = str(error)
                return
            self.session.note("cancelled", jobs=[job.name for job in jobs])

    # What the batch system says.

    def _poll(self) -> None:
        parts = {part.id: part for job in self.jobs for part in job.parts if self._asked_about(job, part)}
        if not parts:
            self._next_poll = self._clock() + self._settings.poll[0]
            return
        self.polls += 1
        changed = False
        try:
            statuses = self._scheduler.poll(list(parts))
        except UnansweredError as error:
            self._unanswered = f"the batch system does not answer: {error}"
        else:
            self._unanswered = None
            for part_id, part in parts.items():
                changed |= self._heard(part, statuses[part_id])
            self._check_times(parts.values())
        low, high = self._settings.poll
        self._interval = low if changed else min(self._interval * 1.5, high)
        self._next_poll = self._clock() + self._interval

    def _asked_about(self, job: FollowedJob, part: Part) -> bool:
        return job.stage is Stage.SUBMITTED and bool(part.id) and part.ending is None and not part.closed

    def _heard(self, part: Part, status: Status) -> bool:
        """Take one answer; whether it is news."""
        news = status.phase is not part.status.phase
        now = self._clock()
        if status.phase is Phase.ABSENT:
            part.absent = part.absent if part.absent is not None else now
            if part.reading.ended or now - part.absent > self._settings.grace:
                self._ended(part, Ending(True, "it said itself that it had ended") if part.reading.ended else _LOST)
            return news
        part.absent = None
        part.status = status
        if status.elapsed is not None:
            part.elapsed = max(part.elapsed, status.elapsed)
        if status.phase in (Phase.RUNNING, Phase.ENDING) and part.running_since is None:
            part.running_since = status.started or self._wall()
        if status.ending is not None:
            if part.running_since is None and status.started:
                part.running_since = status.started
            self._ended(part, status.ending)
            if status.phase is Phase.STUCK:
                self._delete([part])
        return news

    def _ended(self, part: Part, ending: Ending) -> None:
        part.ending, part.ended = ending, self._clock()
        self._next_tail = 0.0
        job = self._job(part)
        self.session.note(
            "ended", job=job.name, part=part.number, elapsed=part.elapsed, waited=part.waited, **vars(ending)
        )

    def _check_times(self, parts: Iterable[Part]) -> None:
        """End what waits or runs for longer than the user allows."""
        late: List[Part] = []
        for part in parts:
            if part.ending is not None:
                continue
            job = self._job(part)
            if part.running_since is None:
                part.waited = self._wall() - (job.submitted or self._wall())
                if self._settings.queue_timeout and part.waited > self._settings.queue_timeout and not self._waits(part):
                    said = f" (it was {part.status.phase.value}: {part.status.said})" if part.status.said else ""
                    happened = f"waited {part.waited:.0f} s to start{said}; --fugaku-queue-timeout allows"
                    self._ended(
                        part,
                        Ending(
                            False,
                            f"{happened} {self._settings.queue_timeout:g} s",
                            "allow more with --fugaku-queue-timeout, or ask for less with nodes= and elapse=",
                        ),
                    )
                    late.append(part)
            else:
                part.waited = max(0.0, part.running_since - (job.submitted or part.running_since))
                if self._settings.run_timeout and part.elapsed > self._settings.run_timeout:
                    happened = f"ran for {part.elapsed:.0f} s; --fugaku-run-timeout allows"
                    advice = "allow more with --fugaku-run-timeout, or make the test quicker"
                    self._ended(part, Ending(False, f"{happened} {self._settings.run_timeout:g} s", advice))
                    late.append(part)
        if late:
            self._delete(late)

    def _waits(self, part: Part) -> bool:
        """Whether it waits for another step, not for the machine."""
        job = self._job(part)
        return any(not job.parts[number].closed for number in part.needs)

    def _delete(self, parts: Sequence[Part]) -> None:
        try:
            self._scheduler.cancel([part.id for part in parts])
        except UnansweredError as error:
            self._unanswered = f"the batch system did not delete {len(parts)} jobs: {error}"

    def _job(self, part: Part) -> FollowedJob:
        return self._by_folder[part.folder.name]

    # What the jobs' files say.

    def _read(self, parts: Iterable[Part]) -> None:
        for part in parts:
            new = part.tail.read()
            if not new:
                continue
            for told in part.reading.take(new):
                if isinstance(told, SuiteProperty):
                    self._told.append(told)
                elif told.test in self._tasks:
                    self._tell(self._result(part, told))
            if part.reading.ended:
                self._interval = self._settings.poll[0]
                self._next_poll = min(self._next_poll, self._clock() + self._interval)

    def _tell(self, result: Result) -> None:
        if result.test not in self.results:
            self.results[result.test] = result
            self._told.append(result)

    def _result(self, part: Part, found: TestEvents) -> Result:
        trouble = None
        if found.crash is not None:
            happened = f"it took its process down in its {found.phase} phase: {found.crash}"
            advice = f"run it alone to see more: pytest '{found.test}'"
            trouble = Trouble(happened, advice, self._describe(part), tuple(part.last_words()))
        elif found.missing is not None and not found.skipped:
            advice = "have the files, packages and plugins of the job (fugaku_python) agree with those here"
            trouble = Trouble(f"not found in the job: {found.missing}", advice, self._describe(part))
        skipped = found.missing if found.skipped else None
        begun = None if found.missing is not None else found.phase
        return Result(found.test, found.events, begun, trouble, skipped)

    def _describe(self, part: Part) -> str:
        return f"job {part.id or 'without id'} ({self._job(part).name}), script {part.script}"

    # What is over.

    def _close_ended(self) -> None:
        for job in self.jobs:
            for part in job.parts:
                if not part.closed and self._over(part):
                    self._close(job, part)
            if job.again and not job.open:
                again, job.again = job.again, []
                self._submit_again(again)

    def _over(self, part: Part) -> bool:
        """Whether nothing more is to be expected of a part; its last reports may be late."""
        if part.ending is None or part.ended is None:
            return False
        job = self._job(part)
        if any(not job.parts[number].closed for number in part.needs):
            return False
        self._read([part])
        if part.reading.ended or all(test in self.results for test in part.tests):
            return True
        grace = self._settings.grace if part.ending.succeeded else self._settings.grace / 10
        return self._clock() - part.ended >= (0.0 if job.stage is Stage.REFUSED else grace)

    def _close(self, job: FollowedJob, part: Part) -> None:
        ending = part.ending
        assert ending is not None
        part.closed = True
        missing = [test for test in part.tests if test not in self.results and self._assigned[test] is job]
        part.outcome = _outcome(part, self.results) if not missing else ending.happened
        if ending.succeeded and missing:
            happened = "ended without the results of these tests, and the batch system found nothing wrong"
            advice = f"look into {job.folder}; its disk may be full, or its files not visible here"
            part.outcome = happened
            ending = Ending(False, f"{happened} ({ending.happened})", advice, retry=True)
        for test in missing:
            self._settle(job, part, ending, test)

    def _settle(self, job: FollowedJob, part: Part, ending: Ending, test: str) -> None:
        """Decide about a test that its job gave no result of: skip, try again, or tell."""
        before = self._tasks[test].after
        failed = next((each for each in before if each in self.results and not self.results[each].passed), None)
        if failed is not None:
            from pjm.chains import reason

            self._tell(Result(test, skipped=reason(failed)))
            return
        waits = any(each not in self.results for each in before)
        if waits or (ending.retry and self._tried_again.get(test, 0) < self._settings.retries):
            job.again.append(test)
            return
        retries = self._tried_again.get(test, 0) if ending.retry else 0
        self._tell(explain(test, part, ending, self._describe(part), retries))

    def _submit_again(self, tests: List[str]) -> None:
        tests = [test for test in self._tasks if test in set(tests) and test not in self.results]
        jobs = self._pack(tests)
        budget = self._settings.budget
        if budget is not None and self.requested + sum(job.node_hours for job in jobs) > budget:
            for test in tests:
                happened = f"its job failed, and trying again would go over --fugaku-budget {budget:g}"
                self._tell(Result(test, trouble=Trouble(happened, "allow more node-hours", "no job")))
            return
        tries = max((self._tried_again.get(test, 0) for test in tests), default=0)
        self.start(jobs, retry=True, delay=self._settings.backoff * 2**tries)

    def _pack(self, tests: Sequence[str]) -> List[Job]:
        if not tests:
            return []
        wanted: Set[str] = set(tests)
        tasks = [
            dataclasses.replace(self._tasks[test], after=tuple(each for each in self._tasks[test].after if each in wanted))
            for test in tests
        ]
        taken = {job.name for job in self.jobs}
        generation = 0
        while any(name.startswith(self._prefix(generation) + "-") for name in taken):
            generation += 1
        return list(pack(tasks, self._settings.site, self._prefix(generation)))

    def _prefix(self, generation: int) -> str:
        return f"pytest-{self.session.identity}-{generation}"


def _outcome(part: Part, results: Mapping[str, Result]) -> str:
    """What its tests came to."""
    failed = sum(1 for test in part.tests if not results[test].passed and results[test].skipped is None)
    return "passed" if not failed else f"{failed} of {len(part.tests)} not passed"


def check_budget(jobs: Sequence[Job], budget: Optional[float]) -> None:
    """Raise BadInput if jobs would cost more than is allowed."""
    cost = sum(job.node_hours for job in jobs)
    if budget is not None and cost > budget:
        raise BadInput(
            f"--fugaku-budget allows {budget:g} node-hours",
            f"{len(jobs)} jobs would request {cost:.2f}: nothing was submitted",
            "allow more, select fewer tests, or lower nodes= and elapse= in their marks",
        )
