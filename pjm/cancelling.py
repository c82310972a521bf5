"""Cancels a session's jobs: with one command for all, and so that whoever comes back knows."""

from __future__ import annotations

from typing import Mapping, Sequence, Tuple

from pjm.parts import FollowedJob, Part, Stage
from pjm.results import Result
from pjm.scheduler import Scheduler
from pjm.session import Session


def cancel(
    jobs: Sequence[FollowedJob], results: Mapping[str, Result], scheduler: Scheduler, session: Session
) -> Tuple[str, ...]:
    """Delete every job that has not ended; the ids.

    Raises:
        UnansweredError: the batch system did not take it.
    """
    for part in (part for job in jobs for part in job.parts):
        if part.reading.ended and not part.closed:  # it has given all it had to give
            _close(part, results)
    open_jobs = [job for job in jobs if job.open]
    for job in open_jobs:
        if job.stage is Stage.UNCERTAIN:
            for part, part_id in zip(job.parts, scheduler.find(job.name)):
                part.id = part_id
    ids = tuple(
        part.id for job in open_jobs for part in job.parts if part.id and not part.closed and part.ending is None
    )
    session.note("cancelling", jobs=[job.name for job in open_jobs])
    if ids:
        scheduler.cancel(ids)
    session.note("cancelled", jobs=[job.name for job in open_jobs])
    for job in open_jobs:
        job.stage = Stage.CANCELLED
        for part in job.parts:
            if not part.closed:
                _close(part, results)
    return ids


def cancel_again(jobs: Sequence[FollowedJob], scheduler: Scheduler, session: Session) -> None:
    """Make sure that jobs are deleted whose deletion may not have been heard.

    Raises:
        UnansweredError: the batch system did not take it.
    """
    ids = [part.id for job in jobs for part in job.parts if part.id]
    if ids:
        scheduler.cancel(ids)
        session.note("cancelled", jobs=[job.name for job in jobs])


def outcome(part: Part, results: Mapping[str, Result]) -> str:
    """What the tests of a part came to."""
    failed = sum(1 for test in part.tests if test in results and results[test].failed)
    return "passed" if not failed else f"{failed} of {len(part.tests)} failed"


def _close(part: Part, results: Mapping[str, Result]) -> None:
    whole = all(test in results for test in part.tests)
    part.closed, part.outcome = True, outcome(part, results) if whole else "cancelled"
