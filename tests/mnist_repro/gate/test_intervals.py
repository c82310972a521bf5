"""Prediction intervals against Student's t as printed in tables."""

from __future__ import annotations

import math

import pytest

from mnist_repro.gate.intervals import Interval, prediction_interval, standard_deviation


def test_three_values_and_one_comparison() -> None:
    # t(0.995, 2) = 9.9248, standard deviation 1, times sqrt(1 + 1/3).
    found = prediction_interval([1.0, 2.0, 3.0], comparisons=1)

    assert found is not None
    assert (2.0 - 11.46022, 2.0 + 11.46022) == pytest.approx((found.low, found.high), abs=1e-4)


def test_two_values() -> None:
    # t(0.995, 1) = 63.6567, standard deviation sqrt(2), times sqrt(1 + 1/2).
    found = prediction_interval([0.0, 2.0], comparisons=1)

    assert found is not None
    assert (1.0 - 110.2566, 1.0 + 110.2566) == pytest.approx((found.low, found.high), abs=1e-3)


def test_ten_values_at_another_level() -> None:
    # t(0.975, 9) = 2.26216, standard deviation 3.02765, times sqrt(1 + 1/10).
    found = prediction_interval([float(value) for value in range(1, 11)], comparisons=1, level=0.95)

    assert found is not None
    assert (5.5 - 7.18333, 5.5 + 7.18333) == pytest.approx((found.low, found.high), abs=1e-4)


def test_five_comparisons_share_the_level_out() -> None:
    # t(0.999, 2) = 22.3271 instead of t(0.995, 2).
    found = prediction_interval([1.0, 2.0, 3.0], comparisons=5)

    assert found is not None
    assert 22.3271 * math.sqrt(4.0 / 3.0) == pytest.approx(found.high - 2.0, abs=1e-3)


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
