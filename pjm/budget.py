"""What a session may cost: node-hours that it has used and requests, held against `--fugaku-budget`."""

from __future__ import annotations

from typing import Iterable, Optional, Sequence

from pjm.errors import BadInput
from pjm.packing import Job
from pjm.parts import FollowedJob, Part, Stage


def check_budget(new: Sequence[Job], budget: Optional[float], before: float = 0.0) -> None:
    """See whether jobs may be submitted.

    Args:
        new: what is not submitted yet.
        budget: node-hours of the whole session; None for no limit.
        before: what its other jobs have used or request.

    Raises:
        BadInput: they would cost more than is allowed.
    """
    cost = sum(job.node_hours for job in new)
    if budget is None or not new or before + cost <= budget:
        return
    besides = f", besides {before:.2f} that this session has used or requested" if before else ""
    raise BadInput(
        f"--fugaku-budget allows {budget:g} node-hours",
        f"{len(new)} jobs would request {cost:.2f}{besides}: nothing was submitted",
        "allow more, select fewer tests, or lower nodes= and elapse= in their marks",
    )


def committed(jobs: Iterable[FollowedJob]) -> float:
    """Node-hours that jobs have used or, as long as they may run, request."""
    return sum(_cost(part) for job in jobs for part in job.parts)


def _cost(part: Part) -> float:
    if part.ending is not None:
        return part.node_hours
    if part.job.stage is Stage.CANCELLED and not part.tail.offset:
        return 0.0
    return part.resources.node_hours  # also of one that was cancelled while it ran: nobody has asked how long it did
