"""How a client leaves before every test has a result: what becomes of the jobs, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Sequence

import pytest

from pjm import suggest as advice
from pjm.batch.scheduler import UnansweredError
from pjm.follow.jobs import FollowedJob, Stage
from pjm.follow.watch import Watch


@dataclass(frozen=True)
class ResumeHint:
    """The way back to a session.

    Attributes:
        folder: of the session.
        limited: a limit of failures has stopped it, and would again.
        unmarked: number of tests that had still to run here.
    """

    folder: Path
    limited: bool = False
    unmarked: int = 0

    @property
    def command(self) -> str:
        """What to type."""
        return advice.resume(self.folder) + (" --maxfail=0" if self.limited else "")


def way_back(session: pytest.Session, watch: Watch, unmarked: int) -> ResumeHint:
    """The way back from where pytest's session stands now, whether or not it has been told all that is known."""
    limit = session.config.option.maxfail
    failures = max(session.testsfailed, sum(1 for result in watch.results.values() if result.failed))
    return ResumeHint(watch.session.folder, bool(limit and failures >= limit), unmarked)


def cancel(watch: Watch, way: ResumeHint) -> str:
    """Cancel all jobs; how that went, and how to get the rest of the results."""
    rest = _rest(watch, way)
    try:
        ids = watch.cancel()
    except UnansweredError as error:
        return f"fugaku: jobs may still run, because they could not be cancelled: {error}; {rest}"
    doubt = f"; {len(watch.doubtful)} may still come, as nobody knows whether they were taken"
    said = f"{len(ids)} jobs cancelled{doubt if watch.doubtful else ''}; " if ids or watch.doubtful else ""
    return f"fugaku: {said}{rest}"


def left_alone(watch: Watch, way: ResumeHint) -> Optional[str]:
    """That jobs run on when something else ends the session; None if none does."""
    running = [job for job in watch.jobs if job.open and job.stage in (Stage.SUBMITTED, Stage.UNCERTAIN)]
    return f"fugaku: {len(running)} jobs run on; come back with: {way.command}" if running else None


def detached(jobs: Sequence[FollowedJob], way: ResumeHint) -> str:
    """Which jobs were handed over."""
    there = (job for job in jobs if job.stage is not Stage.CANCELLED)
    ids = ", ".join(part.id for job in there for part in job.parts[:1] if part.id)
    return f"fugaku: submitted {ids}; come back with: {way.command}"


def _rest(watch: Watch, way: ResumeHint) -> str:
    done = f"{len(watch.results)} of {len(watch.tests)} tests in jobs have results"
    if len(watch.results) == len(watch.tests) and not way.unmarked:
        return done
    but = ", with no limit of failures to stop it again" if way.limited else ""
    return f"{done}; the rest{but}: {way.command}"
