"""Deletes jobs that take too long, and all jobs when the user stops; repeats until the batch system accepts it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple

from pjm.batch.scheduler import Scheduler, UnansweredError
from pjm.counted import counted
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.follow.results import Verdict, outcome
from pjm.sessions.session import Record, Session

Taken = Callable[[FollowedJob, Tuple[str, ...]], None]


@dataclass
class Deletions:
    """The jobs to delete. They are deleted even if the journal cannot be written: the next client only asks again.

    Attributes:
        session: the session; its journal records the deletions.
        scheduler: the batch system that has the jobs.
        left: ids of the jobs that may still exist, in order.
        cancelled: names of the jobs that an earlier client cancelled, and whether the batch system accepted that.
        trouble: why some jobs are left, in words; None if no job is left.
    """

    session: Session
    scheduler: Scheduler
    left: Dict[str, None] = field(default_factory=dict)
    cancelled: Dict[str, bool] = field(default_factory=dict)
    trouble: Optional[str] = None

    def add(self, ids: Iterable[str]) -> bool:
        """Delete jobs and return whether the batch system accepted it. Otherwise the jobs stay in `left`."""
        new = [job_id for job_id in ids if job_id not in self.left]
        if new:
            self._note("deleting", ids=new)
            self.left.update(dict.fromkeys(new))
        return self.try_again()

    def try_again(self) -> bool:
        """Delete the jobs in `left`, in one command. Return whether no job is left now."""
        if not self.left:
            return True
        ids = list(self.left)
        try:
            self.scheduler.cancel(ids)
        except UnansweredError as error:
            self.trouble = f"the batch system did not delete {counted(len(ids), 'job')}: {error}"
            return False
        self._note("deleted", ids=ids)
        self.left.clear()
        self.trouble = None
        return True

    def how_to_delete_left(self) -> str:
        """The command that a user types to delete the jobs in `left`."""
        return self.scheduler.how_to_cancel(list(self.left))

    def cancel(self, jobs: Sequence[FollowedJob], results: Mapping[str, Verdict], taken: Taken) -> Tuple[str, ...]:
        """Delete every job that has not ended, in one command; then the jobs whose submission was not answered.

        ``taken`` is called with a job and its ids if its submission was not answered and the job is found.

        Returns:
            The ids of the deleted jobs. A job that cannot be found yet stays uncertain: it may still appear.

        Raises:
            UnansweredError: the batch system did not accept the deletion.
        """
        for share in (share for job in jobs for share in job.shares):
            if share.reading.ended and not share.closed:  # all its results are here: nothing to delete
                _close(share, results)
        ids = self._cancel([job for job in jobs if job.open and job.stage is not Stage.UNCERTAIN], results)
        located = [job for job in jobs if job.stage is Stage.UNCERTAIN and self._is_there(job, taken)]
        ids += self._cancel(located, results) if located else ()
        self.try_again()
        return ids

    def replay(self, record: Record) -> None:
        """Apply a record of the journal about an earlier client's deletions."""
        event = record["event"]
        if event == "deleting":
            self.left.update(dict.fromkeys(record["ids"]))
        elif event == "deleted":
            for job_id in record["ids"]:
                self.left.pop(job_id, None)
        elif event in ("cancelling", "cancelled"):
            self.cancelled.update(dict.fromkeys(record["jobs"], event == "cancelled"))

    def resume(self, jobs: Iterable[FollowedJob]) -> None:
        """Delete the jobs that an earlier client began to delete: it may have died before it asked the batch system."""
        again = [job for job in jobs if self.cancelled.get(job.name) is False]
        ids = [share.id for job in again for share in job.shares if share.id]
        if self.add(ids) and ids:
            self.session.note("cancelled", jobs=[job.name for job in again])

    def _cancel(self, jobs: Sequence[FollowedJob], results: Mapping[str, Verdict]) -> Tuple[str, ...]:
        names = [job.name for job in jobs]
        shares = [share for job in jobs for share in job.shares if not share.closed]
        ids = tuple(share.id for share in shares if share.id and share.ending is None)
        with contextlib.suppress(OSError):  # for a later client, which does not ask about cancelled jobs
            self.session.note_all("usage", [share.usage for share in shares if share.id])
        self._note("cancelling", jobs=names)
        if ids:
            self.scheduler.cancel(ids)
        self._note("cancelled", jobs=names)
        for job in jobs:
            job.stage = Stage.CANCELLED
        for share in shares:
            _close(share, results)
        return ids

    def _is_there(self, job: FollowedJob, taken: Taken) -> bool:
        """Whether the batch system has all shares of a job."""
        try:
            ids = self.scheduler.find(job.name, len(job.shares))
        except UnansweredError:
            return False
        if len(ids) == len(job.shares):
            with contextlib.suppress(OSError):
                taken(job, ids)
            return True
        if ids:  # only some steps of a step job were accepted
            self.scheduler.cancel(ids)
        return False

    def _note(self, event: str, **fields: object) -> None:
        with contextlib.suppress(OSError):
            self.session.note(event, **fields)


def _close(share: FollowedShare, results: Mapping[str, Verdict]) -> None:
    whole = all(test in results for test in share.tests)
    share.close(outcome(share.tests, results) if whole else "cancelled")
