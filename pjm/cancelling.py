"""Cancels a session's jobs: with one command for all, and so that whoever comes back knows."""

from __future__ import annotations

import contextlib
from typing import Callable, Mapping, Sequence, Tuple

from pjm.parts import FollowedJob, Part, Stage
from pjm.results import Result
from pjm.scheduler import Scheduler, UnansweredError
from pjm.session import Session


def cancel(
    jobs: Sequence[FollowedJob],
    results: Mapping[str, Result],
    scheduler: Scheduler,
    session: Session,
    taken: Callable[[FollowedJob, Tuple[str, ...]], None],
) -> Tuple[str, ...]:
    """Delete every job that has not ended, then those whose submission was not answered; the ids.

    A job that is not to be found yet stays uncertain: it may still come.

    Args:
        jobs: of the session.
        results: by test.
        scheduler: that has the jobs.
        session: whose journal is written.
        taken: told of a job that was found, with its ids.

    Raises:
        UnansweredError: the batch system did not take it.
    """
    for part in (part for job in jobs for part in job.parts):
        if part.reading.ended and not part.closed:  # it has given all it had to give
            _close(part, results)
    ids = _delete([job for job in jobs if job.open and job.stage is not Stage.UNCERTAIN], results, scheduler, session)
    found = [job for job in jobs if job.stage is Stage.UNCERTAIN and _is_there(job, scheduler, taken)]
    return ids + _delete(found, results, scheduler, session) if found else ids


def _is_there(job: FollowedJob, scheduler: Scheduler, taken: Callable[[FollowedJob, Tuple[str, ...]], None]) -> bool:
    """Whether the batch system has a job, whole."""
    try:
        ids = scheduler.find(job.name)
    except UnansweredError:
        return False
    if len(ids) == len(job.parts):
        with contextlib.suppress(OSError):
            taken(job, ids)
        return True
    if ids:  # only some steps of a step job were taken
        scheduler.cancel(ids)
    return False


def _delete(
    jobs: Sequence[FollowedJob], results: Mapping[str, Result], scheduler: Scheduler, session: Session
) -> Tuple[str, ...]:
    ids = tuple(part.id for job in jobs for part in job.parts if part.id and not part.closed and part.ending is None)
    with contextlib.suppress(OSError):  # a full disk keeps no job from being deleted: whoever comes back asks again
        session.note("cancelling", jobs=[job.name for job in jobs])
    if ids:
        scheduler.cancel(ids)
    with contextlib.suppress(OSError):
        session.note("cancelled", jobs=[job.name for job in jobs])
    for job in jobs:
        job.stage = Stage.CANCELLED
        for part in job.parts:
            if not part.closed:
                _close(part, results)
    return ids


def outcome(part: Part, results: Mapping[str, Result]) -> str:
    """What the tests of a part came to."""
    failed = sum(1 for test in part.tests if test in results and results[test].failed)
    return "passed" if not failed else f"{failed} of {len(part.tests)} failed"


def _close(part: Part, results: Mapping[str, Result]) -> None:
    whole = all(test in results for test in part.tests)
    part.closed, part.outcome = True, outcome(part, results) if whole else "cancelled"
