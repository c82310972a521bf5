"""One published run against ours: each verdict, the spread that it rests on, and how often each comes out."""

from __future__ import annotations

import math
from typing import Dict, Sequence

import numpy as np
import pytest

from mnist_repro.gate.one_run import MATTERS, compare_with_one_run
from mnist_repro.gate.verdicts import Finding, Verdict

# Standard deviation 1 (n - 1), mean 0.
SIXTEEN = [math.sqrt(15 / 16) * sign for sign in (-1.0, 1.0)] * 8


def by_seed(values: Sequence[float], first: int = 0) -> Dict[int, float]:
    return dict(enumerate(values, start=first))


def spread_by_one(count: int) -> Sequence[float]:
    """This many values with mean 0 and standard deviation 1."""
    values = np.linspace(-1.0, 1.0, count)
    return list(values / values.std(ddof=1))


def compared(published: float, measured: Sequence[float], stored: Sequence[float] = SIXTEEN) -> Finding:
    """A comparison of one figure; the measured seeds are others than the stored ones."""
    return compare_with_one_run("loss", published, by_seed(measured, 100), by_seed(stored), comparisons=1)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (0.0, Verdict.REPRODUCED),
        (1.5, Verdict.REPRODUCED),
        (-1.5, Verdict.REPRODUCED),
        (2.2, Verdict.INCONCLUSIVE),
        (-2.2, Verdict.INCONCLUSIVE),
        (4.5, Verdict.NOT_REPRODUCED),
        (-4.5, Verdict.NOT_REPRODUCED),
    ],
)
def test_a_difference_is_excluded_or_shown_or_neither(published: float, expected: Verdict) -> None:
    assert expected == compared(published, (-1.0, 0.0, 1.0)).verdict


def test_the_interval_is_that_of_one_more_run_with_the_pooled_spread() -> None:
    result = compared(0.0, (9.0, 10.0, 11.0))

    # Both standard deviations are 1; 15 + 2 degrees of freedom: t(0.999, 17) = 3.64577.
    reach = 3.64577 * math.sqrt(1 + 1 / 3)
    assert result.interval is not None
    assert (10 - reach, 10 + reach) == pytest.approx((result.interval.low, result.interval.high), abs=1e-4)
    assert MATTERS == pytest.approx(result.margin)


def test_stored_runs_of_the_measured_seeds_are_not_counted_twice() -> None:
    stored = by_seed(SIXTEEN)
    same = compare_with_one_run("loss", 0.0, {seed: stored[seed] for seed in (0, 1, 2)}, stored, comparisons=1)

    # 16 values in two groups: 14 degrees of freedom; t(0.999, 14) = 3.78739.
    assert same.interval is not None
    others, own = SIXTEEN[3:], SIXTEEN[:3]
    pooled = math.sqrt((12 * np.var(others, ddof=1) + 2 * np.var(own, ddof=1)) / 14)
    reach = 3.78739 * pooled * math.sqrt(1 + 1 / 3)
    assert 2 * reach == pytest.approx(same.interval.high - same.interval.low, abs=1e-4)


def test_without_stored_runs_the_seeds_alone_say_how_far_runs_stray() -> None:
    result = compared(0.0, (-1.0, 0.0, 1.0), stored=SIXTEEN[:9])

    # t(0.999, 2) = 22.32712.
    reach = 22.32712 * math.sqrt(1 + 1 / 3)
    assert result.interval is not None
    assert (-reach, reach) == pytest.approx((result.interval.low, result.interval.high), abs=1e-4)
    # 3.8 exceeds t(0.95, 2) = 2.92 times the same root by too little for a run that is not exactly in the middle.
    assert Verdict.INCONCLUSIVE == compared(0.6, (-1.0, 0.0, 1.0), stored=()).verdict


def test_a_spread_that_has_changed_is_not_pooled_and_is_named() -> None:
    wider = compared(0.0, (-9.0, 0.0, 9.0))
    narrower = compared(0.0, (-0.01, 0.0, 0.01))

    assert "the spread itself has changed: standard deviation 9 here, 1 in stored runs" in wider.reason
    assert "the spread itself has changed: standard deviation 0.01 here, 1 in stored runs" in narrower.reason
    assert Verdict.INCONCLUSIVE == wider.verdict
    assert wider.interval is not None
    assert 22.32712 * 9.0 * math.sqrt(1 + 1 / 3) == pytest.approx(wider.interval.high, abs=1e-3)


def test_a_single_seed_is_judged_by_the_stored_spread() -> None:
    assert Verdict.REPRODUCED == compared(0.1, (0.0,)).verdict
    assert Verdict.NOT_REPRODUCED == compared(6.0, (0.0,)).verdict
    assert (Verdict.INCONCLUSIVE, 3) == (compared(0.1, (0.0,), ()).verdict, compared(0.1, (0.0,), ()).seeds_needed)


def test_seeds_that_change_nothing_are_never_a_reproduction() -> None:
    assert Verdict.INCONCLUSIVE == compared(0.25, (0.25, 0.25, 0.25)).verdict
    # The mean of these is rounded, so that they may seem to have a standard deviation.
    assert Verdict.INCONCLUSIVE == compared(0.1, (0.1, 0.1, 0.1), ()).verdict


@pytest.mark.parametrize("odd", [(), (math.nan,), (0.0, math.inf, 1.0)])
def test_values_that_are_missing_or_not_finite_are_incomparable(odd: Sequence[float]) -> None:
    assert Verdict.INCOMPARABLE == compared(0.0, odd).verdict


def test_an_inconclusive_comparison_says_how_many_seeds_settle_it() -> None:
    result = compared(2.05, (-1.0, 0.0, 1.0))

    assert Verdict.INCONCLUSIVE == result.verdict
    assert result.seeds_needed is not None
    assert f"{result.seeds_needed} seeds would probably settle it" in result.reason
    assert Verdict.REPRODUCED == compared(2.05, spread_by_one(result.seeds_needed)).verdict
    assert Verdict.INCONCLUSIVE == compared(2.05, spread_by_one(result.seeds_needed - 1)).verdict


def test_what_no_number_of_seeds_can_settle_is_said_to_be_so() -> None:
    result = compared(2.3, spread_by_one(300))

    assert (Verdict.INCONCLUSIVE, None) == (result.verdict, result.seeds_needed)
    assert "if mean and spread stay the same, no number of seeds settles it" in result.reason


def test_comparisons_and_looks_share_the_false_alarms() -> None:
    def width(comparisons: int, looks: int) -> float:
        values = by_seed((-1.0, 0.0, 1.0), 100)
        result = compare_with_one_run("loss", 0.0, values, by_seed(SIXTEEN), comparisons, looks)
        assert result.interval is not None
        return result.interval.high - result.interval.low

    assert width(1, 1) < width(2, 1) < width(2, 3)
    assert width(6, 1) == width(2, 3)


def test_a_forecast_from_a_few_seeds_alone_does_not_rule_out_that_ten_settle_it() -> None:
    # A spread of 16 runs rules it out.
    alone, pooled = compared(2.3, (-1.0, 0.0, 1.0), stored=()), compared(2.3, (-1.0, 0.0, 1.0))

    assert (Verdict.INCONCLUSIVE, 10) == (alone.verdict, alone.seeds_needed)
    assert (Verdict.INCONCLUSIVE, None) == (pooled.verdict, pooled.seeds_needed)
