"""The values that pass between the plugin and a batch system."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from pjm.batch.scheduler import Resources, Submission, SubmitError


@pytest.mark.parametrize(("nodes", "elapse", "expected"), [(1, 3600, 1.0), (384, 1800, 192.0), (2, 1, 2 / 3600)])
def test_a_job_costs_at_most_its_nodes_for_all_its_time(nodes: int, elapse: int, expected: float) -> None:
    assert expected == Resources(nodes, elapse).node_hours


@pytest.mark.parametrize(("nodes", "ranks", "expected"), [(1, None, 0), (2, 8, 4), (2, 5, 3)])
def test_ranks_are_spread_evenly(nodes: int, ranks: Optional[int], expected: int) -> None:
    assert expected == Resources(nodes, 60, ranks=ranks).ranks_per_node


@pytest.mark.parametrize(("scripts", "bulk", "expected"), [(1, None, 1), (3, None, 3), (1, 40, 40)])
def test_a_submission_has_an_id_for_each_part(scripts: int, bulk: Optional[int], expected: int) -> None:
    assert expected == Submission("name", Path(), (Path("script.sh"),) * scripts, bulk).parts


def test_a_refusal_is_what_happened_with_advice() -> None:
    refusal = SubmitError("no such group", "set fugaku_group", retry=False)

    assert ("no such group", "set fugaku_group", False) == (str(refusal), refusal.advice, refusal.retry)
