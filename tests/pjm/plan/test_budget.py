"""A budget is for the whole session: new jobs are held against it with those before them."""

from __future__ import annotations

import pytest

from pjm.batch.scheduler import Resources
from pjm.errors import BadInput
from pjm.plan.packing import Job, Share, check_budget

NEW = (Job("new-0", (Share(("a",), Resources(1, 1800), 1.0),)),)


def test_new_jobs_are_refused_with_what_there_was_before_them() -> None:
    check_budget(NEW, 0.6, 0.1)

    with pytest.raises(BadInput) as refusal:
        check_budget(NEW, 0.6, 0.2)

    expected = "1 job would request 0.50, and this session has used or requested 0.20: nothing was submitted"
    assert expected == refusal.value.why


def test_no_new_jobs_are_never_too_much() -> None:
    check_budget((), 0.6, 2.0)
