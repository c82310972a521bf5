from __future__ import annotations

import pytest

from mnist_repro.gate.baselines.values import BaselineFile, accepted
from mnist_repro.report.baseline_history import changes
from tests.builders import made_up_baselines


def test_the_history_has_old_and_new_of_each_change_in_turn() -> None:
    twice = made_up_baselines.subset()
    for shift, reason in ((0.25, "first change"), (0.5, "second change")):
        moved = made_up_baselines.samples([loss + shift for loss in made_up_baselines.SPREAD])
        twice = accepted(twice, BaselineFile("wheel-softmax/subset", "samples", (moved,)), "2026-01-02", reason)

    history = changes(twice.entries[0])

    assert ["first recording", "first change", "second change"] == [change.reason for change in history]
    assert history[0].first
    losses = [(change.means[0].old, change.means[0].new) for change in history[1:]]
    mean = sum(made_up_baselines.SPREAD) / len(made_up_baselines.SPREAD)
    assert losses == [pytest.approx((mean, mean + 0.25)), pytest.approx((mean + 0.25, mean + 0.5))]


def test_a_change_of_a_fingerprint_lists_its_changed_rows() -> None:
    first = made_up_baselines.fingerprints()
    moved = made_up_baselines.fingerprint(losses={"loss of step 1": 2.5, "loss of step 2": 2.75})
    changed = accepted(
        first, BaselineFile("wheel-softmax/fingerprint", "fingerprint", (moved,)), "2026-01-02", "a reason"
    )

    [_, change] = changes(changed.entries[0])

    assert [("close", "loss of step 2", 2.25, 2.75)] == [(*row.what, row.old, row.new) for row in change.rows]
    assert [] == change.means
