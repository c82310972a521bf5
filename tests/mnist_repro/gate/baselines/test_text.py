from __future__ import annotations

from typing import Sequence

import pytest

from mnist_repro.gate.baselines.diff import differences
from mnist_repro.gate.baselines.text import differing, shown, spread
from mnist_repro.gate.baselines.values import BaselineFile
from tests.builders.made_up_baselines import fingerprint, fingerprints, subset


@pytest.mark.parametrize(("values", "text"), [([0.25], "0.25"), ([0.25, 0.75], "0.5 ± 0.35")])
def test_values_are_shown_as_mean_and_deviation(values: Sequence[float], text: str) -> None:
    assert text == spread(values)


def test_an_entry_is_shown_with_its_title_and_history() -> None:
    samples_lines, fingerprint_lines = (shown([file]).splitlines() for file in (subset(), fingerprints()))

    assert "  dataset mnist, arithmetic original; 12 seeds, compared as distributions" == samples_lines[1]
    assert "      2026-01-02T03:04:05+00:00  first recording" == samples_lines[-1]
    assert "    2 exact values, 2 close values within 2e-06, relative: rounding stays below" in fingerprint_lines


def test_the_worst_differences_come_first() -> None:
    nothing = BaselineFile("tf-cnn/subset", "samples")
    changed = fingerprint(losses={"loss of step 1": 2.5, "loss of step 2": 2.125})
    found = [
        *differences(nothing, subset()),
        *differences(subset(), subset()),
        *differences(fingerprints(), fingerprints(changed)),
    ]

    titles = [line for line in differing(found).splitlines() if line and not line.startswith(" ")]

    assert ["changed", "equivalent", "new"] == titles
