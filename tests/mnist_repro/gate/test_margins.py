"""Margins of a new baseline: two digits, never rounded down, and none from samples without spread."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_repro.errors import BadInput
from mnist_repro.gate.margins import rounded_up, spread_metric
from tests.builders.made_up_baselines import LOSS


def test_runs_without_spread_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        # Their mean is rounded, so that their standard deviation is not 0.
        spread_metric(LOSS, "lower", [0.1] * 12)

    assert f"{LOSS} is 0.1 for all of 12 seeds" == caught.value.what


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.012, 0.012), (0.0121, 0.013), (0.012000001, 0.013), (9.91, 10.0), (123.4, 130.0), (5e-324, 5e-324)],
)
def test_margins_have_two_digits(value: float, expected: float) -> None:
    assert expected == rounded_up(value)


@settings(max_examples=40, deadline=None)
@given(st.floats(min_value=1e-300, max_value=1e300))
def test_rounding_up_never_makes_a_margin_smaller_nor_much_larger(value: float) -> None:
    assert value <= rounded_up(value) <= 1.1 * value
