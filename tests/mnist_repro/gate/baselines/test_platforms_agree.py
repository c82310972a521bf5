"""Same seed, same run: the stored fingerprints of different TensorFlows agree wherever no dropout mask is drawn."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from mnist_repro.gate.baselines.judge import relative_difference
from mnist_repro.gate.baselines.values import FingerprintEntry
from mnist_repro.runs import baselines

BASELINES = Path(__file__).resolve().parents[4] / "baselines"
STEPS = [f"loss of step {step}" for step in range(1, 6)]


@pytest.mark.parametrize("recipe", ["wheel-softmax", "tf-softmax", "vgg7", "vgg7-bn"])
def test_first_steps_and_whole_budget_are_the_same_on_every_tensorflow(recipe: str) -> None:
    stored = baselines.read(BASELINES, recipe, "fingerprint").entries
    entries = [
        entry
        for entry in stored
        if isinstance(entry, FingerprintEntry) and entry.conditions == baselines.PUBLISHED_CONDITIONS
    ]

    assert len(entries) > 1
    for one, other in combinations(entries, 2):
        apart = max(relative_difference(one.close[step], other.close[step]) for step in STEPS)
        assert apart <= 1e-5, (one.platform, other.platform)
        whole = [name for name in one.close if name.endswith("the whole budget")]
        assert max(relative_difference(one.close[name], other.close[name]) for name in whole) <= 2e-6
        assert one.exact == other.exact
