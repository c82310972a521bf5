"""Deletes jobs: those that take too long, and all when the user stops; tries again until the batch system takes it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple

from pjm.batch.scheduler import Scheduler, UnansweredError
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.follow.results import Result, outcome
from pjm.sessions.session import Record, Session

Taken = Callable[[FollowedJob, Tuple[str, ...]], None]


@dataclass
class Deletions:
    """The jobs that have to go. A full disk keeps none of them from being deleted: the next client asks again.

    Attributes:
        session: whose journal is written.
        scheduler: that has the jobs.
        left: ids of those that may still be there, in order.
        cancelled: names of the jobs that an earlier client cancelled, and whether the batch system took that.
        trouble: why some are left, in words; None if none is.
    """

    session: Session
    scheduler: Scheduler
    left: Dict[str, None] = field(default_factory=dict)
    cancelled: Dict[str, bool] = field(default_factory=dict)
    trouble: Optional[str] = None

    def add(self, ids: Iterable[str]) -> bool:
        """Delete jobs; whether that was taken. What was not stays among those that are left."""
        new = [each for each in ids if each not in self.left]
        if new:
            self._note("deleting", ids=new)
            self.left.update(dict.fromkeys(new))
        return self.try_again()

    def try_again(self) -> bool:
        """Delete what is left, in one command; whether nothing is now."""
        if not self.left:
            return True
        ids = list(self.left)
        try:
            self.scheduler.cancel(ids)
        except UnansweredError as error:
            self.trouble = f"the batch system did not delete {len(ids)} jobs: {error}"
            return False
        self._note("deleted", ids=ids)
        self.left.clear()
        self.trouble = None
        return True

    def cancel(self, jobs: Sequence[FollowedJob], results: Mapping[str, Result], taken: Taken) -> Tuple[str, ...]:
        """Delete every job that has not ended, in one command; then those whose submission was not answered.

        Args:
            jobs: of the session.
            results: by test.
            taken: called with a job whose submission was not answered, and its ids, when it was found.

        Returns:
            The ids. A job that is not to be found yet stays uncertain: it may still come.

        Raises:
            UnansweredError: the batch system did not take it.
        """
        for part in (part for job in jobs for part in job.parts):
            if part.reading.ended and not part.closed:  # it has given all it had to give
                _close(part, results)
        ids = self._cancel([job for job in jobs if job.open and job.stage is not Stage.UNCERTAIN], results)
        found = [job for job in jobs if job.stage is Stage.UNCERTAIN and self._is_there(job, taken)]
        ids += self._cancel(found, results) if found else ()
        self.try_again()
        return ids

    def replay(self, record: Record) -> None:
        """Take over what an earlier client noted of its deletions."""
        event = record["event"]
        if event == "deleting":
            self.left.update(dict.fromkeys(record["ids"]))
        elif event == "deleted":
            for each in record["ids"]:
                self.left.pop(each, None)
        elif event in ("cancelling", "cancelled"):
            self.cancelled.update(dict.fromkeys(record["jobs"], event == "cancelled"))

    def resume(self, jobs: Iterable[FollowedJob]) -> None:
        """Delete what an earlier client had begun to delete: it may have died before the batch system heard of it."""
        again = [job for job in jobs if self.cancelled.get(job.name) is False]
        ids = [part.id for job in again for part in job.parts if part.id]
        if self.add(ids) and ids:
            self.session.note("cancelled", jobs=[job.name for job in again])

    def _cancel(self, jobs: Sequence[FollowedJob], results: Mapping[str, Result]) -> Tuple[str, ...]:
        names = [job.name for job in jobs]
        parts = [part for job in jobs for part in job.parts if not part.closed]
        ids = tuple(part.id for part in parts if part.id and part.ending is None)
        self._note("cancelling", jobs=names)
        if ids:
            self.scheduler.cancel(ids)
        self._note("cancelled", jobs=names)
        for job in jobs:
            job.stage = Stage.CANCELLED
        for part in parts:
            _close(part, results)
        return ids

    def _is_there(self, job: FollowedJob, taken: Taken) -> bool:
        """Whether the batch system has a job, whole."""
        try:
            ids = self.scheduler.find(job.name)
        except UnansweredError:
            return False
        if len(ids) == len(job.parts):
            with contextlib.suppress(OSError):
                taken(job, ids)
            return True
        if ids:  # only some steps of a step job were taken
            self.scheduler.cancel(ids)
        return False

    def _note(self, event: str, **fields: object) -> None:
        with contextlib.suppress(OSError):
            self.session.note(event, **fields)


def _close(part: FollowedShare, results: Mapping[str, Result]) -> None:
    whole = all(test in results for test in part.tests)
    part.close(outcome(part.tests, results) if whole else "cancelled")
