"""Cancels the jobs of a session that no client follows."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Dict, Sequence, Tuple

from pjm.batch.scheduler import Phase, Scheduler, UnansweredError
from pjm.follow.deletion import Deletions
from pjm.follow.explain import completed
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.follow.results import Verdict
from pjm.follow.resume import restored
from pjm.follow.submit_once import note_taken
from pjm.follow.watch import wanted
from pjm.job.share_events import TestEvents
from pjm.sessions.mirror import Mirror
from pjm.sessions.session import Session
from pjm.sessions.summary import look_into, pace_of


@dataclass(frozen=True)
class Cancelled:
    """What became of the jobs of a session.

    Attributes:
        jobs: all jobs.
        ids: ids of the jobs that were deleted.
        doubtful: names of the jobs for which it is unknown whether the batch system accepted them.
    """

    jobs: Sequence[FollowedJob]
    ids: Tuple[str, ...]
    doubtful: Tuple[str, ...]

    @property
    def node_hours(self) -> float:
        """The node-hours that all jobs have used."""
        return sum(share.node_hours for job in self.jobs for share in job.shares)


def cancel(session: Session, scheduler: Scheduler, mirror: Mirror) -> Cancelled:
    """Delete the jobs of a session that have not ended, and note that in its journal.

    The session is locked.

    Raises:
        BadInput: the session is corrupt.
        OSError: the journal cannot be written.
        UnansweredError: the batch system did not accept the deletion.
    """
    deletions = Deletions(session, scheduler)
    jobs = tuple(restored(session, deletions).values())
    mirror.pull(wanted(jobs, cancelled=True), time.monotonic())
    results = _results(session, jobs)
    begun = [job for job in jobs if deletions.cancelled.get(job.name) is False]  # and not answered
    again = [*deletions.left, *(share.id for job in begun for share in job.shares if share.id)]
    for job in jobs:
        if job.name in deletions.cancelled and job.stage is Stage.SUBMITTED:
            job.stage = Stage.CANCELLED
            for share in job.shares:
                share.close("cancelled")
    deletions.resume(jobs)
    with contextlib.suppress(UnansweredError):  # only for what is said: the deletion below has to be answered
        _ask(jobs, scheduler)
    if not deletions.try_again():
        raise UnansweredError(deletions.trouble)
    shares = [share for job in jobs for share in job.shares]
    over = all(share.reading.ended or share.closed or share.ending is not None for share in shares)
    ids = () if over else deletions.cancel(jobs, results, lambda job, ids: note_taken(session, job, ids, time.time()))
    return Cancelled(jobs, tuple(dict.fromkeys([*again, *ids])), tuple(job.name for job in jobs if _is_doubtful(job)))


def _is_doubtful(job: FollowedJob) -> bool:
    """Whether a job may be in the batch system without our knowledge. If its own files show its end, it is over."""
    return job.stage is Stage.UNCERTAIN and not all(share.reading.ended for share in job.shares)


def _results(session: Session, jobs: Sequence[FollowedJob]) -> Dict[str, Verdict]:
    """The results that the jobs have written, by test; of very many jobs, those that are read within some seconds."""
    results: Dict[str, Verdict] = {}

    def take(share: FollowedShare, lines: bytes) -> None:
        for news in share.reading.take(share.tail.take(lines)):
            if isinstance(news, TestEvents):
                results[news.test] = completed(share, news).verdict

    shares = {job.name: job.shares for job in jobs}
    for share, lines in session.collected.lines(shares):
        take(share, lines)
    look_into(session, shares, pace_of(session), take)
    return results


def _ask(jobs: Sequence[FollowedJob], scheduler: Scheduler) -> None:
    """Ask the batch system how long the jobs have run, and which have ended since a client asked."""
    shares = {share.id: share for job in jobs for share in job.shares if share.id and not share.closed}
    open_ids = [share_id for share_id, share in shares.items() if share.ending is None]
    statuses = dict(scheduler.poll(open_ids)) if open_ids else {}
    absent = [share_id for share_id, status in statuses.items() if status.phase is Phase.ABSENT]
    statuses.update(scheduler.look_back(absent) if absent else {})
    for share_id, status in statuses.items():
        share = shares[share_id]
        share.elapsed = max(share.elapsed, status.elapsed or 0.0)
        share.running_since = share.running_since or status.started
        share.waited = share.waited_by(time.time())
        if status.phase is Phase.ENDED and status.ending is not None:
            share.end(status.ending)
