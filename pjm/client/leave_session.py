"""Leaving early: cancels or keeps the jobs, and tells the user how to resume."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence

import pytest

from pjm import suggest
from pjm.batch.scheduler import UnansweredError
from pjm.counted import counted
from pjm.follow.jobs import FollowedJob, Stage
from pjm.follow.watch import Watch


@dataclass(frozen=True)
class ResumeHint:
    """How to resume a session.

    Attributes:
        folder: the session's folder.
        limited: a limit of failures stopped the session, and would stop it again.
        unmarked: number of unmarked tests that had not run yet.
    """

    folder: Path
    limited: bool = False
    unmarked: int = 0

    @property
    def command(self) -> str:
        """The command to type."""
        return suggest.resume(self.folder) + (" --maxfail=0" if self.limited else "")


def way_back(session: pytest.Session, watch: Watch, unmarked: int) -> ResumeHint:
    """How to resume from the present state, including results that pytest does not have yet."""
    limit = session.config.option.maxfail
    failures = max(session.testsfailed, sum(1 for result in watch.results.values() if result.failed))
    return ResumeHint(watch.session.folder, bool(limit and failures >= limit), unmarked)


def cancel(watch: Watch, way: ResumeHint) -> str:
    """Cancel all jobs. Return a message: how many were cancelled, and how to get the other results."""
    rest = _rest(watch, way)
    try:
        ids = watch.cancel()
    except UnansweredError as error:
        return f"fugaku: jobs may still run, because they could not be cancelled: {error}; {rest}"
    doubt = f"; {len(watch.doubtful)} may still start: it is unknown whether they were accepted"
    outcome = (
        f"{counted(len(ids), 'job')} cancelled{doubt if watch.doubtful else ''}; " if ids or watch.doubtful else ""
    )
    return f"fugaku: {outcome}{rest}"


def left_alone(watch: Watch, way: ResumeHint) -> Optional[str]:
    """The message that jobs run on after the session ended; None if no job runs."""
    running = [job for job in watch.jobs if job.open and job.stage in (Stage.SUBMITTED, Stage.UNCERTAIN)]
    jobs = counted(len(running), "job")
    return f"fugaku: {jobs} still running; continue with: {way.command}" if running else None


def detached(jobs: Sequence[FollowedJob], way: ResumeHint) -> str:
    """The message that jobs were submitted. Of parts that share the number of one job, the first stands for all."""
    first: Dict[str, str] = {}
    for share in (share for job in jobs if job.stage is not Stage.CANCELLED for share in job.shares if share.id):
        first.setdefault(re.split(r"\D", share.id)[0], share.id)
    return f"fugaku: submitted {', '.join(first.values())}; continue with: {way.command}"


def _rest(watch: Watch, way: ResumeHint) -> str:
    done = f"{len(watch.results)} of {len(watch.tests)} tests in jobs have results"
    if len(watch.results) == len(watch.tests) and not way.unmarked:
        return done
    but = ", with no limit of failures to stop it again" if way.limited else ""
    return f"{done}; the rest{but}: {way.command}"
