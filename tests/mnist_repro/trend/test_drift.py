"""Slow drift is named with its rate; a jump is none; and what does not move is not named."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import List, Optional

import numpy as np
import pytest

from mnist_repro.trend import drift as drifts
from mnist_repro.trend.drift import Drift, find, mann_kendall
from tests.builders.gate_sessions import MARGIN, NOISE, STORED, series

METRICS = 12


def noise(count: int, seed: int = 0) -> np.ndarray:
    return STORED + NOISE * np.random.default_rng(seed).normal(size=count)


def moved(values: np.ndarray, changed: int = 0, margin: float = MARGIN, same_code: bool = True) -> Optional[Drift]:
    """Without ``same_code``, another metric differs in each session, so that equal values are measurements too."""
    found = series([float(value) for value in values], margin, changed=changed)
    if not same_code:
        found = replace(found, points=[replace(each, everything={0: at}) for at, each in enumerate(found.points)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return find(found, METRICS)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_slow_drift_within_the_margin_is_named_with_its_rate_and_the_sessions_that_are_left(sign: int) -> None:
    slope = sign * 0.5 * MARGIN / 1000

    found = moved(noise(1000) + slope * np.arange(1000))

    assert found is not None
    assert found.slow
    assert 0 == found.first
    assert slope == pytest.approx(found.slope, rel=0.1)
    assert 1000 == pytest.approx(found.crosses, rel=0.2)


def test_a_drift_that_begins_late_is_dated_late_and_has_the_rate_of_then() -> None:
    slope = MARGIN / 2000

    found = moved(noise(3000) - slope * np.maximum(0, np.arange(3000) - 2250))

    assert found is not None
    assert (True, 2250, 750) == (found.slow, found.first, found.sessions)
    assert -slope == pytest.approx(found.slope, rel=0.15)


def test_a_metric_whose_interval_is_beyond_the_margin_crosses_now() -> None:
    found = moved(noise(300) - 1.5 * MARGIN * np.arange(300) / 300)

    assert found is not None
    assert 0 == found.crosses


def test_the_test_of_mann_and_kendall_is_that_of_their_books() -> None:
    # Of ten values in order: S = 45, its variance 125.
    assert math.erfc(44 / math.sqrt(125) / math.sqrt(2)) == pytest.approx(mann_kendall(np.arange(10.0)))
    # Of 1 1 2 2 3: eight of ten pairs are in order, two are tied; the variance is (5 * 4 * 15 - 2 * 2 * 1 * 9) / 18.
    tied = math.erfc(7 / math.sqrt((300 - 36) / 18) / math.sqrt(2))
    assert tied == pytest.approx(mann_kendall(np.array([1.0, 1.0, 2.0, 2.0, 3.0])))
    assert 1.0 == mann_kendall(np.zeros(20))


@pytest.mark.parametrize(
    "values",
    [
        [STORED] * 500,
        [STORED, STORED + 0.001] * 250,
        [STORED] * 250 + [STORED + 0.5 * MARGIN] * 250,
        [math.nan] * 50,
        [math.nan, math.inf, -math.inf, 1e308, 1e-320] * 20,
        [STORED] * 3,
    ],
    ids=["same bits", "two values in turn", "one change of the code", "no value", "odd values", "few"],
)
def test_what_does_not_move_slowly_is_neither_named_nor_an_error(values: List[float]) -> None:
    assert moved(np.array(values)) is None


def test_bits_that_change_now_and_then_are_no_drift_however_long_each_lasts() -> None:
    levels = np.repeat(noise(40, seed=5), 50)

    assert moved(levels) is None


def test_changes_of_the_code_that_all_go_down_are_a_drift() -> None:
    levels = np.repeat(STORED - 0.0005 * np.arange(12), 20)

    found = moved(levels)

    assert found is not None
    assert found.slow
    assert -0.0005 / 20 == pytest.approx(found.slope, rel=0.01)


@pytest.mark.parametrize("at", [172, 180])
def test_a_drift_after_many_equal_values_is_slow_and_still_going_on(at: int) -> None:
    found = moved(STORED - MARGIN * np.maximum(0, np.arange(240) - at) / 100, same_code=False)

    assert found is not None
    assert found.slow
    assert found.slope < 0
    assert at > found.first >= 120


def test_a_jump_between_two_values_is_a_jump() -> None:
    found = moved(STORED - MARGIN * (np.arange(240) >= 170), same_code=False)

    assert found is not None
    assert (False, 170) == (found.slow, found.first)


@pytest.mark.parametrize("at", [100, 250, 350])
def test_a_jump_is_dated_and_is_no_slow_drift(at: int) -> None:
    found = moved(noise(400) - 0.5 * MARGIN * (np.arange(400) >= at))

    assert found is not None
    assert not found.slow
    assert at == pytest.approx(found.first, abs=2)
    assert -0.5 * MARGIN == pytest.approx(found.moved, rel=0.1)


def test_a_drift_that_has_stopped_is_not_said_to_go_on() -> None:
    ramp = np.minimum(np.arange(600), 200) / 200

    found = moved(noise(600) - 0.5 * MARGIN * ramp)

    assert found is not None
    assert not found.slow


def test_code_that_has_not_changed_for_long_does_not_drift_any_more() -> None:
    fell = STORED - 0.0005 * np.repeat(np.arange(12), 10)

    going_on, stopped = moved(fell), moved(np.append(fell, [fell[-1]] * 200))

    assert going_on is not None
    assert going_on.slow
    assert stopped is None or not stopped.slow


def test_what_was_before_the_last_change_of_the_baseline_does_not_count() -> None:
    fell = noise(400) - MARGIN * np.minimum(np.arange(400), 200) / 200

    assert moved(fell) is not None
    assert moved(fell, changed=200) is None


def test_a_move_of_less_than_a_tenth_of_the_margin_is_no_news() -> None:
    values = noise(1000) - 0.5 * MARGIN * np.arange(1000) / 1000

    assert moved(values) is not None
    assert moved(values, margin=10 * MARGIN) is None
    assert moved(1e-300 * np.arange(100), margin=1e29) is None


def test_sessions_with_other_seeds_are_not_compared() -> None:
    found = series([STORED + 0.0001 * at for at in range(100)])
    others = [
        replace(point, values={9: value}, everything={9: value}) for point, value in zip(found.points, noise(101))
    ]

    assert find(found, 1) is not None
    assert find(replace(found, points=[*found.points[:30], *others]), 1) is None


def test_a_metric_without_margin_or_with_few_sessions_is_not_tested() -> None:
    assert drifts.testable(series([1.0] * 8))
    assert not drifts.testable(series([1.0] * 7))
    assert not drifts.testable(
        replace(series([]), points=[replace(each, margin=None) for each in series([1.0] * 8).points])
    )
