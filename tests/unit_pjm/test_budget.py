"""A budget is for the whole session: what was used, what may still be used, and what is new."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from pjm.budget import check_budget, committed
from pjm.errors import BadInput
from pjm.packing import Job, Share
from pjm.parts import FollowedJob, Part, Stage
from pjm.scheduler import Ending, Resources

NEW = (Job("new-0", (Share(("a",), Resources(1, 1800), 1.0),)),)


def followed(folder: Path, stage: Stage, ending: Optional[Ending] = None, elapsed: float = 0.0) -> FollowedJob:
    part = Part(folder, 0, ("a",), Resources(2, 3600), ending=ending, elapsed=elapsed)
    return FollowedJob("job", (part,), bulk=False, step=False, stage=stage)


def test_a_job_counts_with_what_it_requests_until_it_has_ended_and_then_with_what_it_used(tmp_path: Path) -> None:
    running = followed(tmp_path, Stage.SUBMITTED)
    ended = followed(tmp_path, Stage.SUBMITTED, Ending(True, "ended"), elapsed=900)

    assert (2.0, 0.5, 2.5) == (committed([running]), committed([ended]), committed([running, ended]))


def test_a_job_that_was_cancelled_counts_only_if_it_had_begun(tmp_path: Path) -> None:
    waiting, begun = followed(tmp_path, Stage.CANCELLED), followed(tmp_path, Stage.CANCELLED)
    begun.parts[0].tail.offset = 100

    assert (0.0, 2.0) == (committed([waiting]), committed([begun]))


def test_new_jobs_are_refused_with_what_there_was_before_them() -> None:
    check_budget(NEW, 0.6, 0.1)

    with pytest.raises(BadInput) as refusal:
        check_budget(NEW, 0.6, 0.2)

    expected = "1 jobs would request 0.50, besides 0.20 that this session has used or requested: nothing was submitted"
    assert expected == refusal.value.why


def test_no_new_jobs_are_never_too_much() -> None:
    check_budget((), 0.6, 2.0)
