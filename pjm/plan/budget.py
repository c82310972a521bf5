"""Checks the node-hours that a session has used and requests against `--fugaku-budget`."""

from __future__ import annotations

from typing import Optional, Sequence

from pjm.counted import counted
from pjm.errors import BadInput
from pjm.plan.packing import Job


def check_budget(new: Sequence[Job], budget: Optional[float], before: float = 0.0) -> None:
    """Check that new jobs stay within the budget of the whole session, in node-hours; None is no limit.

    ``before`` are the node-hours that the other jobs of the session have used or request.

    Raises:
        BadInput: the jobs would cost more than the budget allows.
    """
    cost = sum(job.node_hours for job in new)
    if budget is None or not new or before + cost <= budget:
        return
    extra = f", and this session has used or requested {before:.2f}" if before else ""
    raise BadInput(
        f"--fugaku-budget allows {budget:g} node-hours",
        f"{counted(len(new), 'job')} would request {cost:.2f}{extra}: nothing was submitted",
        "allow more, select fewer tests, or lower nodes= and elapse= in their marks",
    )
