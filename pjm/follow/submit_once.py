"""Submits planned jobs, each once: the journal is written first, and a lost answer is looked up by the job's name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Optional, Sequence, Set, Tuple

from pjm.batch import submission_lock
from pjm.batch.scheduler import AnswerLostError, Ending, Scheduler, Submission, SubmitError, UnansweredError
from pjm.follow.interrupts import Hold
from pjm.follow.jobs import Clock, FollowedJob, Stage
from pjm.job.assignment import PLAN
from pjm.plan.job_folder import CODE, script_names
from pjm.plan.settings import Settings
from pjm.sessions.mirror import Mirror
from pjm.sessions.pace import SUBMISSION, Pace
from pjm.sessions.session import Session

WAITING = "fugaku: a job is being submitted; stopping as soon as that is answered (Ctrl-C again: at once)"
BEGUN = Ending(
    False,
    "was taken and has begun, although the answer was lost, and the batch system does not know it any more",
    "it is not tried again, because it may have run: look at its files, then type: pytest --fugaku --lf",
)
# Seconds for which the batch system may refuse submissions with trouble of its own, while no job of ours is open.
_PATIENCE = 600.0
_DOUBLINGS = 10  # far above any limit; 2**1024 would be too large for a float


@dataclass
class Submitter:
    """Submits jobs that are due.

    Attributes:
        session: the session; its journal records the submissions.
        scheduler: the batch system.
        settings: how long to wait and how often to try.
        clock: tells the time.
        hold: keeps Ctrl-C away from a submission and its record in the journal.
        pace: how many file operations are allowed.
        mirror: the copy of the session on the machine of the jobs.
        trouble: the last refusal or lost answer, for the progress line; None if there is none.
    """

    session: Session
    scheduler: Scheduler
    settings: Settings
    clock: Clock
    hold: Hold
    pace: Pace
    mirror: Mirror
    trouble: Optional[str] = None
    _pushed: Set[str] = field(default_factory=set)  # names of the jobs that the machine of the jobs has
    _lost: Dict[str, AnswerLostError] = field(default_factory=dict)  # the last lost answers, by the jobs' names

    def submit_due(self, jobs: Sequence[FollowedJob]) -> None:
        """Submit or look up every job that is due."""
        others = any(job.stage is Stage.SUBMITTED and job.open for job in jobs)
        self._push_due(jobs)
        for job in jobs:
            if job.due > self.clock.monotonic() or job.stage not in (Stage.UNCERTAIN, Stage.PLANNED):
                continue
            if not self.pace.allows(SUBMISSION):
                return
            self.pace.spend(SUBMISSION)
            if job.stage is Stage.UNCERTAIN:
                self._look_up(job)
            else:
                with self.hold(WAITING):
                    self._submit(job, others)
                others = others or bool(job.submitted)

    def _push_due(self, jobs: Sequence[FollowedJob]) -> None:
        """Copy the scripts of the jobs that are due to the machine of the jobs; if that does not work, they wait."""
        now = self.clock.monotonic()
        new = [job for job in jobs if job.stage is Stage.PLANNED and job.due <= now and job.name not in self._pushed]
        if not new:
            return
        files = [job.folder / name for job in new for name in (PLAN, *script_names(job.planned))]
        if self.mirror.push([self.session.folder / CODE, *files]):
            self._pushed.update(job.name for job in new)
            return
        self.trouble = self.mirror.trouble
        for job in new:
            job.due = self.clock.monotonic() + self.settings.poll[0]

    def _submit(self, job: FollowedJob, others: bool) -> None:
        with submission_lock.begin(job.folder, self.clock.time()) as mark:
            self._hand_over(job, others, mark)

    def _hand_over(self, job: FollowedJob, others: bool, mark: int) -> None:
        scripts = tuple(job.folder / name for name in script_names(job.planned))
        needs = tuple(share.planned.needs for share in job.shares) if job.planned.step else ()
        submission = Submission(job.name, job.folder, scripts, job.planned.bulk, (mark,), needs)
        self.session.note("submitting", job=job.name)
        job.stage = Stage.UNCERTAIN  # until there is an answer, which Ctrl-C may prevent
        try:
            ids = self.scheduler.submit(submission)
        except SubmitError as error:
            self._refused(job, error, others)
        except AnswerLostError as error:
            self.trouble = f"the answer to a submission was lost ({error}); looking it up by its name"
            self._lost[job.name] = error
            job.refused = self.clock.monotonic()
            job.due = self.clock.monotonic() + self.settings.poll[0]
        else:
            self.taken(job, ids)

    def _look_up(self, job: FollowedJob) -> None:
        """Find out whether a job was accepted. It is submitted again if it cannot be found for the grace time.

        The grace time begins when the submitting command has ended; that command may outlive the client that began it.
        """
        now = self.clock.monotonic()  # taken before the question, which may take long
        if submission_lock.lasts(job.folder, self.clock.time()) or self.mirror.under_way(job.folder):
            self.trouble = f"a submission that was begun before may still be under way, see {job.folder}: waiting"
            job.refused = None
        elif job.refused is None:
            job.refused = now
        job.due = self.clock.monotonic() + doubled(self.settings.poll[0], job.tries, self.settings.poll[0] * 8)
        job.tries += 1
        try:
            ids = self.scheduler.find(job.name, len(job.shares))
        except UnansweredError as error:
            self.trouble = str(error)
            return
        if len(ids) == len(job.shares):
            self.taken(job, ids)
        elif job.refused is not None and self.mirror.as_of(now) - job.refused > self.settings.grace:
            self._not_taken(job, ids)

    def _not_taken(self, job: FollowedJob, some: Tuple[str, ...]) -> None:
        if some:  # only some steps of a step job were accepted
            try:
                self.scheduler.cancel(some)
            except UnansweredError as error:
                self.trouble = str(error)
                return
            self._give_up(job, Ending(False, "was taken by the batch system in part only", "", retry=True))
            return
        if any(share.outputs.out.exists() or share.tail.path.exists() for share in job.shares):
            self._give_up(job, BEGUN)  # a batch system without a history
            return
        lost = self._lost.pop(job.name, None)
        if lost is not None and lost.advice:
            self._refuse(job, SubmitError(f"{lost}; it has no job of this name", lost.advice, retry=False))
            return
        self.session.note("not-taken", job=job.name)
        job.stage, job.refused, job.tries, job.due = Stage.PLANNED, None, 0, self.clock.monotonic()

    def _give_up(self, job: FollowedJob, ending: Ending) -> None:
        self.session.note("refused", job=job.name, happened=ending.happened, advice=ending.advice, retry=ending.retry)
        refuse(job, ending)

    def taken(self, job: FollowedJob, ids: Tuple[str, ...]) -> None:
        """Note that the batch system has a job."""
        note_taken(self.session, job, ids, self.clock.time())
        self.trouble = None

    def _refused(self, job: FollowedJob, error: SubmitError, others: bool) -> None:
        self.session.note("not-taken", job=job.name)
        job.stage = Stage.PLANNED
        job.refused = job.refused if job.refused is not None else self.clock.monotonic()
        patience = self.settings.queue_timeout or _PATIENCE
        if error.retry and (others or self.clock.monotonic() - job.refused < patience):
            self.trouble = f"a submission is refused for now: {error}"
            job.due = self.clock.monotonic() + doubled(self.settings.poll[0], job.tries, self.settings.poll[1])
            job.tries += 1
            return
        self._refuse(job, error)

    def _refuse(self, job: FollowedJob, error: SubmitError) -> None:
        happened = f"was refused by the batch system: {error}"
        self.session.note("refused", job=job.name, happened=happened, advice=error.advice)
        refuse(job, Ending(False, happened, error.advice))


def note_taken(session: Session, job: FollowedJob, ids: Sequence[str], wall: float) -> None:
    """Note, in the journal too, that the batch system has a job since `wall`, in seconds since the epoch."""
    job.submitted = wall
    accept(job, ids)
    session.note("submitted", job=job.name, ids=list(ids))


def accept(job: FollowedJob, ids: Sequence[str]) -> None:
    """Note the ids of a job that was accepted."""
    job.stage = Stage.SUBMITTED
    for share, share_id in zip(job.shares, ids):
        share.id = share_id


def refuse(job: FollowedJob, ending: Ending) -> None:
    """Note that a job will never run."""
    job.stage = Stage.REFUSED
    for share in job.shares:
        share.end(ending)


def doubled(first: float, tries: int, longest: float = float("inf")) -> float:
    """Seconds before the next try: `first`, doubled for each try before, at most `longest`."""
    return min(first * 2.0 ** min(tries, _DOUBLINGS), longest)
