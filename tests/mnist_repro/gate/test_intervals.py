"""Intervals, standard deviations, and Student's t as printed in tables."""

from __future__ import annotations

import math

import pytest

from mnist_repro.gate.intervals import standard_deviation, student_t


@pytest.mark.parametrize(
    ("degrees", "probability", "expected"), [(2, 0.995, 9.9248), (1, 0.995, 63.6567), (9, 0.975, 2.26216)]
)
def test_quantiles_are_those_of_printed_tables(degrees: int, probability: float, expected: float) -> None:
    assert expected == pytest.approx(student_t(degrees, probability), abs=1e-4)


def test_standard_deviation_is_that_of_a_sample() -> None:
    assert 1.0 == standard_deviation([1.0, 2.0, 3.0])


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan], [1.0, math.inf]])
def test_no_standard_deviation(values: list[float]) -> None:
    assert math.isnan(standard_deviation(values))
