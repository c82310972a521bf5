"""Prediction intervals against Student's t as printed in tables."""

from __future__ import annotations

import math
from typing import Sequence

import pytest

from mnist_repro.gate.intervals import Interval, prediction_interval, standard_deviation


@pytest.mark.parametrize(
    ("values", "comparisons", "level", "middle", "half"),
    [
        # t(0.995, 2), standard deviation 1.
        ((1.0, 2.0, 3.0), 1, 0.99, 2.0, 9.9248 * math.sqrt(1 + 1 / 3)),
        # t(0.995, 1).
        ((0.0, 2.0), 1, 0.99, 1.0, 63.6567 * math.sqrt(2) * math.sqrt(1 + 1 / 2)),
        # t(0.975, 9).
        (tuple(range(1, 11)), 1, 0.95, 5.5, 2.26216 * 3.02765 * math.sqrt(1 + 1 / 10)),
        # t(0.999, 2): five comparisons share the level out.
        ((1.0, 2.0, 3.0), 5, 0.99, 2.0, 22.3271 * math.sqrt(1 + 1 / 3)),
    ],
)
def test_an_interval_is_as_wide_as_tables_of_students_t_say(
    values: Sequence[float], comparisons: int, level: float, middle: float, half: float
) -> None:
    found = prediction_interval(values, comparisons, level)

    assert found is not None
    assert (middle - half, middle + half) == pytest.approx((found.low, found.high), abs=1e-3)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([], id="none"),
        pytest.param([0.27], id="one"),
        pytest.param([0.25, 0.25, 0.25], id="equal"),
        # Their mean is rounded to something else than 0.1.
        pytest.param([0.1, 0.1, 0.1], id="equal, mean rounded"),
        pytest.param([0.27, math.nan, 0.26], id="NaN"),
        pytest.param([0.27, math.inf, 0.26], id="infinite"),
    ],
)
def test_values_that_cannot_tell(values: list[float]) -> None:
    assert prediction_interval(values, comparisons=1) is None


def test_both_ends_belong_to_the_interval() -> None:
    interval = Interval(0.25, 0.5)

    assert (False, True, True, True, False, False) == (
        0.2499 in interval,
        0.25 in interval,
        0.3 in interval,
        0.5 in interval,
        0.5001 in interval,
        math.nan in interval,
    )


def test_standard_deviation_is_that_of_a_sample() -> None:
    assert 1.0 == standard_deviation([1.0, 2.0, 3.0])


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_no_standard_deviation(values: list[float]) -> None:
    assert math.isnan(standard_deviation(values))
