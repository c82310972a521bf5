"""Same seed, same run: the stored fingerprints of different TensorFlows agree wherever no dropout mask is drawn."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.judge import relative_difference
from mnist_repro.gate.baselines.values import FingerprintEntry

BASELINES = Path(__file__).resolve().parents[4] / "baselines"
STEPS = [f"loss of step {step}" for step in range(1, 6)]


@pytest.mark.parametrize("recipe", ["wheel-softmax", "tf-softmax", "vgg7", "vgg7-bn"])
def test_first_steps_and_whole_budget_are_the_same_on_every_tensorflow(recipe: str) -> None:
    stored = baseline_files.read(BASELINES, recipe, "fingerprint").entries
    entries = [
        entry for entry in stored if isinstance(entry, FingerprintEntry) and entry.key[:2] == ("mnist", "original")
    ]

    assert len(entries) > 1
    for one, other in combinations(entries, 2):
        apart = max(relative_difference(one.losses[step], other.losses[step]) for step in STEPS)
        assert apart <= 1e-5, (one.platform, other.platform)
        whole = [name for name in one.losses if name.endswith("the whole budget")]
        assert max(relative_difference(one.losses[name], other.losses[name]) for name in whole) <= 2e-6
        assert one.exact == other.exact
