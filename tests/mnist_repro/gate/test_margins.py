from __future__ import annotations

import math
from typing import Sequence

import pytest

from mnist_repro.gate.margins import deviations, rounded_up, spread_metric
from mnist_repro.gate.verdicts import Metric
from tests.builders.refused import refused


def test_a_margin_is_three_standard_deviations_of_sixteen_values_and_four_of_fewer() -> None:
    assert [4.0, 4.0, 3.0, 3.0] == [deviations(stored) for stored in (10, 15, 16, 100)]
    # Half of the values are 1 above and half of them 1 below the mean: the variances are 10/9 and 16/15.
    few, many = (
        spread_metric("loss", "lower", [(-1.0) ** at for at in range(count)], "no worse") for count in (10, 16)
    )

    assert 4 * math.sqrt(10 / 9) == pytest.approx(4.2164, rel=1e-4)
    assert 3 * math.sqrt(16 / 15) == pytest.approx(3.0984, rel=1e-4)
    assert Metric("loss", "lower", 4.3, "4 standard deviations of the 10 recorded samples", "no worse") == few
    assert Metric("loss", "lower", 3.1, "3 standard deviations of the 16 recorded samples", "no worse") == many


@pytest.mark.parametrize("values", [[0.1], [0.1] * 16])
def test_samples_without_spread_have_no_margin(values: Sequence[float]) -> None:
    what, why, _ = refused(lambda: spread_metric("loss", "lower", values))

    assert f"loss is 0.1 for all of {len(values)} seeds" == what
    assert "samples without spread say nothing about how far apart clean runs lie" == why


@pytest.mark.parametrize(("value", "rounded"), [(0.0121, 0.013), (0.012, 0.012), (99.1, 100.0), (1e-300, 1e-300)])
def test_a_margin_is_rounded_up_to_two_digits(value: float, rounded: float) -> None:
    assert rounded == rounded_up(value)
