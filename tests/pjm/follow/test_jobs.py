"""What a job that is followed costs."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from pjm.batch.scheduler import Ending, Resources
from pjm.follow.jobs import FollowedJob, Stage
from pjm.plan.packing import Job, Share


def followed(folder: Path, stage: Stage, ending: Optional[Ending] = None, elapsed: float = 0.0) -> FollowedJob:
    job = FollowedJob(folder, Job("job", (Share(("a",), Resources(2, 3600), 1.0),)), stage=stage)
    job.shares[0].ending, job.shares[0].elapsed = ending, elapsed
    return job


def test_a_job_counts_with_what_it_requests_until_it_has_ended_and_then_with_what_it_used(tmp_path: Path) -> None:
    running = followed(tmp_path, Stage.SUBMITTED)
    ended = followed(tmp_path, Stage.SUBMITTED, Ending(True, "ended"), elapsed=900)

    assert (2.0, 0.5) == (running.committed, ended.committed)


def test_a_job_that_was_cancelled_counts_only_if_it_had_begun(tmp_path: Path) -> None:
    waiting, begun = followed(tmp_path, Stage.CANCELLED), followed(tmp_path, Stage.CANCELLED)
    begun.shares[0].tail.offset = 100

    assert (0.0, 2.0) == (waiting.committed, begun.committed)
