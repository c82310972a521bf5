"""Follows the jobs of a session until every test has a result: submits, polls, reads events and retries."""

from __future__ import annotations

import collections
import contextlib
import time
from typing import AbstractSet, Collection, Deque, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from pjm.batch.scheduler import Ending, Scheduler
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.follow.deletion import Deletions
from pjm.follow.durations import measured
from pjm.follow.explain import bad_ends, completed, cut_off, explain
from pjm.follow.interrupts import Hold
from pjm.follow.jobs import Clock, FollowedJob, FollowedShare, Stage
from pjm.follow.poll import Poller
from pjm.follow.results import News, NoResult, Result, Verdict, outcome
from pjm.follow.submit_once import Submitter, doubled
from pjm.job.assignment import begun
from pjm.job.share_events import BadEnd, SuiteProperty, reason_to_skip
from pjm.marks.after import waited_for
from pjm.plan.job_folder import Workplace, copy_code, write_job
from pjm.plan.packing import Job, Task, check_budget, pack_some
from pjm.plan.settings import Settings
from pjm.sessions.collected import Piece
from pjm.sessions.mirror import Mirror, NoMirror
from pjm.sessions.pace import COPY, EXPLAIN, JOB, READ, Pace
from pjm.sessions.session import Session

_FEW = 20  # shares: so many that wait are looked into as well; of so many with a bad end the output is read
_MUCH_NEWS = 1000


class Watch:
    """Follows a session's jobs. It never sleeps, and never asks more often than its settings say.

    Attributes:
        session: the session's folder.
        jobs: all planned jobs, retries included.
        results: what is known of each test that has a result.
        news: results that pytest does not have yet. The client removes what it reports; the jobs' files keep it.
        deletions: the jobs to delete.
        pace: how many file operations are allowed.

    Args:
        session: the session's folder, locked.
        scheduler: the batch system that runs the jobs.
        settings: how often to ask, how long to wait, how often to retry.
        tasks: every test that runs in a job, in order.
        place: what all jobs have in common.
        clock: tells the time.
        hold: keeps Ctrl-C away from steps that must not be interrupted.
        mirror: the copy of the session on the machine of the jobs; None if they see the session itself.
    """

    def __init__(
        self,
        session: Session,
        scheduler: Scheduler,
        settings: Settings,
        tasks: Sequence[Task],
        place: Workplace,
        clock: Clock = time,
        hold: Hold = contextlib.nullcontext,
        mirror: Optional[Mirror] = None,
    ) -> None:
        self.session = session
        self.jobs: List[FollowedJob] = []
        self.results: Dict[str, Verdict] = {}
        self.news: Deque[News] = collections.deque()
        self._scheduler = scheduler
        self._settings = settings
        self._tasks = {task.nodeid: task for task in tasks}
        self._place = place
        self._clock = clock
        self._hold = hold
        self.pace = Pace(settings.file_operations, clock.monotonic)
        self._mirror = mirror or NoMirror()
        self._submitter = Submitter(session, scheduler, settings, clock, hold, self.pace, self._mirror)
        self.deletions = Deletions(session, scheduler)
        self._poller = Poller(session, scheduler, settings, clock, self.deletions)
        self._assigned: Dict[str, FollowedJob] = {}
        self._tried_again: Dict[str, int] = {}
        self._seconds: Dict[str, float] = {}  # of tests that have ended
        self._cut_off: Dict[str, float] = {}  # of tests that run again: how long they had run when their job ended
        self._round: Deque[FollowedShare] = collections.deque()  # the shares to look into next
        self._next_round = 0.0
        self._unreadable: List[FollowedShare] = []  # whose file could not be read at the last look
        self._settled: Dict[str, str] = {}
        self._held_up = False  # something that was to be closed had to wait for the pace

    @property
    def done(self) -> bool:
        """Whether every test has a result."""
        return len(self.results) == len(self._tasks) and not any(job.open for job in self.jobs)

    @property
    def tests(self) -> AbstractSet[str]:
        """Node ids of all tests that run in a job."""
        return self._tasks.keys()

    @property
    def submitted(self) -> bool:
        """Whether every job was submitted, or refused."""
        return all(job.stage not in (Stage.PLANNED, Stage.UNCERTAIN) for job in self.jobs)

    @property
    def doubtful(self) -> List[str]:
        """Names of the jobs for which it is unknown whether the batch system accepted them."""
        return [job.name for job in self.jobs if job.stage is Stage.UNCERTAIN]

    @property
    def trouble(self) -> Optional[str]:
        """What the batch system refuses or does not answer at present, or which file cannot be read; else None."""
        unread = [share.tail.trouble for share in self._unreadable if not share.closed]
        parts = (self._submitter, self._poller, self.deletions, self._mirror)
        return next(filter(None, (*(part.trouble for part in parts), *unread)), None)

    def adopt(self, job: FollowedJob, forget: bool = False) -> None:
        """Start following a job found in the session folder. With `forget`, only read its results: it was cancelled."""
        self.jobs.append(job)
        if forget:
            job.stage = Stage.CANCELLED
            for share in job.shares:
                share.close("cancelled")
            return
        for test in job.tests:
            self._assigned[test] = job
            if job.retry:
                self._tried_again[test] = self._tried_again.get(test, 0) + 1

    def plan_unassigned(self) -> Sequence[Job]:
        """Pack the tests that have no job yet into jobs; nothing is written."""
        return self._pack([test for test in self._tasks if test not in self.results and test not in self._assigned])

    def check_budget(self, jobs: Sequence[Job]) -> None:
        """Raise BadInput if new jobs would request more than the budget of the session has left."""
        check_budget(jobs, self._settings.budget, sum(job.committed for job in self.jobs))

    def start(self, jobs: Sequence[Job], retry: bool = False, delay: float = 0.0) -> None:
        """Write jobs into the session folder; the next step after `delay` seconds submits them."""
        copy_code(self.session.folder)
        for job in jobs:
            followed = FollowedJob(write_job(self.session, job, self._place, self._scheduler, retry), job, retry)
            followed.due = self._clock.monotonic() + delay
            self.session.note("planned", job=job.name)
            self.adopt(followed)
        self.pace.spend(JOB)  # not for each job: what follows would wait long

    def step(self) -> None:
        """Submit, poll and read what is due; new results are appended to `news`."""
        self._submitter.submit_due(self.jobs)
        asks = self._clock.monotonic() >= self._poller.due
        ended = self._poller.ask(self.jobs)
        if asks:
            self.pull()
        if ended:
            self._round.clear()  # a job has ended: read its last events now
            self._next_round = 0.0
        if not self._round and self._clock.monotonic() >= self._next_round:
            self.begin_round()
        if self._held_up:
            self._held_up = False  # closing and reading take turns
        else:
            self.collect()
        self._close_ended()

    def pull(self) -> None:
        """Copy what the jobs have written to here, if they run where this machine's files are not seen."""
        self._mirror.pull(wanted(self.jobs), self._clock.monotonic())

    def pause(self) -> float:
        """Seconds until something is due."""
        waits = self._round or self._held_up
        paced = self._clock.monotonic() + self.pace.pause
        due = [self._poller.due, paced if waits else self._next_round]
        due += [max(job.due, paced) for job in self.jobs if job.stage in (Stage.PLANNED, Stage.UNCERTAIN)]
        return max(0.0, min(due) - self._clock.monotonic())

    @property
    def bad_ends(self) -> List[Tuple[FollowedShare, BadEnd]]:
        """What went wrong in jobs after their tests had ended."""
        closed = (share for job in self.jobs for share in job.shares if share.closed)
        ends: List[Tuple[FollowedShare, BadEnd]] = []
        for share in closed:
            if all(test in share.reading.done for test in share.tests):
                ends += [(share, end) for end in bad_ends(share, words=len(ends) < _FEW)]
        return ends

    def restore(self) -> Iterator[None]:
        """Take what earlier clients have read, then read what cancelled jobs have left, and others if they are few.

        Whenever it yields, `news` is to be reported, as all of it would fill the memory, and `pace.pause` to be waited.
        """
        while not self.pace.allows():
            yield
        self._mirror.pull(wanted(self.jobs, cancelled=True), self._clock.monotonic())
        self.pace.spend(READ)
        for share, lines in self.session.collected.lines({job.name: job.shares for job in self.jobs}):
            self._take(share, lines)
            if len(self.news) > _MUCH_NEWS:
                self.pace.spend(1)
                yield
        self.begin_round()
        for job in self.jobs:
            if job.stage is Stage.CANCELLED:
                self.pace.spend(1)
                left = [share.number for share in job.shares if not share.reading.ended]
                self._round += [job.shares[number] for number in begun(job.folder, left)]
        while self.collect():
            yield
        self._next_round = 0.0

    def begin_round(self) -> None:
        """Have `collect` look into all shares that may have something new, first those whose end became known.

        The batch system's word decides which have begun; one that waits according to it may have results all the same.
        That one is looked into when the batch system says otherwise or nothing, or at once where only few wait.
        """
        left = [share for job in self.jobs for share in job.shares if not share.closed]
        shares = [share for share in left if share.ending or share.job.stage is Stage.SUBMITTED]
        if sum(share.waiting for share in shares) > _FEW:
            shares = [share for share in shares if not share.waiting]
        self._round.clear()
        self._round += sorted(shares, key=lambda share: (not _unread(share), share.looked))
        self._next_round = self._clock.monotonic() + self._settings.tail

    def collect(self) -> bool:
        """Read the jobs' files, as many as the pace allows. Return whether there are more."""
        pieces: List[Piece] = []
        try:
            while self._round and self.pace.allows():
                share = self._round.popleft()
                with self._hold(""):  # an interrupt would lose what was read: it is not read again
                    pieces += self._look_into(share)
        finally:
            if pieces:
                with contextlib.suppress(OSError):  # a later client reads the shares' own files instead
                    self.session.collected.add(pieces)
                self.pace.spend(COPY)
        return bool(self._round)

    def cancel(self) -> Tuple[str, ...]:
        """Delete every job that has not ended; see `Deletions.cancel`."""
        return self.deletions.cancel(self.jobs, self.results, self._submitter.taken)

    # Reading the jobs' files.

    def _look_into(self, share: FollowedShare) -> Iterable[Piece]:
        share.looked = self._mirror.as_of(self._clock.monotonic())
        lines = share.tail.fetch()
        self.pace.spend(READ)
        self._unreadable = [each for each in self._unreadable if each is not share]
        self._unreadable += [share] if share.tail.trouble else []
        if not lines:
            share.idle = share.idle if share.tail.behind else share.looked
            return ()
        piece = Piece(share.job.name, share.number, share.tail.offset, lines)
        self._take(share, lines)
        return (piece,)

    def _take(self, share: FollowedShare, lines: bytes) -> None:
        for news in share.reading.take(share.tail.take(lines)):
            if isinstance(news, SuiteProperty):
                self.news.append(news)
            elif news.test in self._tasks:
                self._add(completed(share, news, self._needed(news.test)))
        if share.reading.ended:
            self._poller.hurry()

    def _add(self, result: Result) -> None:
        if result.test not in self.results:
            self.results[result.test] = result.verdict
            seconds = measured(result) if result.cut_off is None else None
            if seconds is not None:
                self._seconds[result.test] = seconds
            self.news.append(result)

    # Closing what has ended.

    def _close_ended(self) -> None:
        for job in self.jobs:
            for share in job.shares:
                if not share.closed and share.ending is not None and self._over(share, share.ending):
                    self._close(job, share, share.ending)
            if not job.open and (job.again or job.left) and self._has_room():
                again, job.again, left, job.left = job.again, [], job.left, []
                self._submit_again(again, retry=True)
                self._submit_again(left, retry=False)
        if self._settled:  # for `pjm show`; a test that is retried will get a result later
            settled, self._settled = self._settled, {}
            self.session.note("settled", tests=settled)

    def _over(self, share: FollowedShare, ending: Ending) -> bool:
        """Whether no more results of a share are expected. Its last events may arrive late."""
        if share.waits:
            return False
        if share.reading.ended:
            return True
        grace = self._settings.grace if ending.succeeded else self._settings.grace / 10
        return share.idle - share.ended >= (0.0 if share.job.stage is Stage.REFUSED else grace)

    def _close(self, job: FollowedJob, share: FollowedShare, ending: Ending) -> None:
        without = [test for test in share.tests if test not in self.results]
        missing = [test for test in without if self._assigned[test] is job]  # else another job runs it already
        if missing and share.id:
            if not self._has_room():
                return
            self.pace.spend(EXPLAIN)
        share.close(outcome(share.tests, self.results) if not without else ending.happened)
        if ending.succeeded and missing:
            happened = "ended without the results of these tests, and the batch system found nothing wrong"
            advice = f"look into {job.folder}; its disk may be full, or its files not visible here"
            share.outcome = happened
            ending = Ending(False, f"{happened} ({ending.happened})", advice, retry=True)
        figures = self._scheduler.figures(share.id, share.outputs.stats) if missing and share.id else ""
        left = -len(job.left)
        for test in missing:
            self._settle(job, share, ending, figures, test)
        left += len(job.left)
        share.outcome += f"; {counted(left, 'test')} left for another job" if left else ""
        self._settled.update({test: self.results[test].reason for test in missing if test in self.results})

    def _has_room(self) -> bool:
        """Whether something that takes many file operations may be done now; if not, nothing is read meanwhile."""
        self._held_up = self._held_up or not self.pace.allows(EXPLAIN)
        return not self._held_up

    def _settle(self, job: FollowedJob, share: FollowedShare, ending: Ending, figures: str, test: str) -> None:
        """Skip a test without a result, have it run in another job, or report it as failed."""
        after, known, tries = self._tasks[test].after, self.results, self._tried_again.get(test, 0)
        running, progress = share.reading.running, bool(share.reading.done)
        shared = progress or (running is not None and running.test != test)  # others had used a part of the time
        again = ending.retry or (ending.out_of_time and shared)
        not_passed = next((before for before in after if before in known and not known[before].passed), None)
        if not_passed is not None:
            self._add(Result(test, skipped=reason_to_skip(not_passed)))
        elif any(before not in known for before in after):
            job.again.append(test)
        elif ending.out_of_time and progress:  # without progress, a suite that hangs would cost a job for each test
            job.left.append(test)
            seconds = cut_off(share, test)
            if seconds is not None:
                self._cut_off[test] = seconds
        elif again and tries < self._settings.retries:
            job.again.append(test)
        else:
            self._add(explain(test, share, ending, tries if again else 0, figures, self._needed(test)))

    def _needed(self, test: str) -> List[str]:
        if not self._tasks[test].after:
            return []
        return waited_for(test, {task.nodeid: task.after for task in self._tasks.values()})

    def _submit_again(self, tests: List[str], retry: bool) -> None:
        if not tests:
            return
        tests = [test for test in self._tasks if test in set(tests) and test not in self.results]
        jobs = self._pack(tests)
        try:
            self.check_budget(jobs)
        except BadInput as refusal:
            failed = "its job failed, and trying again" if retry else "its job had no time left, and another job"
            happened = f"{failed} is too much: {refusal.what}; {refusal.why}"
            self.session.note("settled", tests=dict.fromkeys(tests, happened))
            for test in tests:
                self._add(Result(test, trouble=NoResult(happened, "allow more node-hours", "no job")))
            return
        tries = max((self._tried_again.get(test, 0) for test in tests), default=0)
        self.start(jobs, retry=retry, delay=doubled(self._settings.backoff, tries) if retry else 0.0)

    def _pack(self, tests: Collection[str]) -> Sequence[Job]:
        taken, name = [job.name for job in self.jobs], f"pytest-{self.session.identity}"
        tasks, site = list(self._tasks.values()), self._settings.site
        jobs = pack_some(tasks, tests, site, name, taken, self._seconds, self._cut_off)
        for share in (share for job in jobs for share in job.shares):
            self._scheduler.check(share.resources, share.nodeids[0])
        return jobs


def wanted(jobs: Iterable[FollowedJob], cancelled: bool = False) -> Iterator[Tuple[str, int, bool]]:
    """The shares of which news may be there: see `Mirror.pull`. As in `begin_round`, a few may wait.

    With ``cancelled``, also the shares of jobs that were cancelled.
    """
    stages = (Stage.SUBMITTED, Stage.UNCERTAIN, *([Stage.CANCELLED] if cancelled else ()))
    shares = [share for job in jobs if job.stage in stages for share in job.shares]
    few = sum(share.waiting for share in shares) <= _FEW
    for share in shares:
        left = not share.closed or (share.job.stage is Stage.CANCELLED and not share.reading.ended)
        if left and (few or not share.waiting):
            yield share.job.name, share.number, share.ending is not None and not share.reading.ended


def _unread(share: FollowedShare) -> bool:
    """Whether the share has ended, as far as is known, and has not been read since."""
    return share.ending is not None and share.looked <= share.ended
