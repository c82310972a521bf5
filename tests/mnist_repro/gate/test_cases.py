"""Paired cases: pass and fail by Bonett and Price, scores by t, and what is refused."""

from __future__ import annotations

import math
from typing import Dict, Iterable, List

import numpy as np
import pytest

from mnist_repro.gate.cases import compare_cases, is_binary, too_few
from mnist_repro.gate.verdicts import Metric, Verdict

NO_WORSE = Metric("right", "higher", 0.05, "made up", "no worse")
SAME = Metric("right", "same", 0.05, "made up")


def cases(values: Iterable[float]) -> Dict[str, List[float]]:
    return {f"case-{at}": [float(value)] for at, value in enumerate(values)}


def flips(lost: int, gained: int, count: int = 200) -> Dict[str, List[float]]:
    """The same cases after so many went from right to wrong, and the other way round."""
    before = [at % 2 for at in range(count)]
    right, wrong = ([at for at in range(count) if before[at] == value] for value in (1, 0))
    after = list(before)
    for at in right[:lost]:
        after[at] = 0
    for at in wrong[:gained]:
        after[at] = 1
    return cases(after)


BEFORE = flips(0, 0)


def test_the_interval_is_that_of_bonett_and_price() -> None:
    found = compare_cases(NO_WORSE, BEFORE, flips(lost=6, gained=3))
    p_gained, p_lost = 4 / 202, 7 / 202
    error = math.sqrt((p_gained + p_lost - (p_gained - p_lost) ** 2) / 202)

    assert found.interval is not None
    assert p_gained - p_lost - 1.6448536 * error == pytest.approx(found.interval.low, abs=1e-7)
    assert p_gained - p_lost + 1.6448536 * error == pytest.approx(found.interval.high, abs=1e-7)


@pytest.mark.parametrize(
    ("metric", "lost", "gained", "verdict"),
    [
        (NO_WORSE, 0, 0, Verdict.NO_WORSE),
        (NO_WORSE, 2, 2, Verdict.NO_WORSE),
        (NO_WORSE, 0, 40, Verdict.BETTER),
        (NO_WORSE, 10, 0, Verdict.INCONCLUSIVE),
        (NO_WORSE, 40, 0, Verdict.REGRESSED),
        (SAME, 2, 2, Verdict.EQUIVALENT),
        (SAME, 0, 40, Verdict.CHANGED),
        (SAME, 40, 0, Verdict.CHANGED),
    ],
)
def test_verdicts_by_what_is_lost_and_gained(metric: Metric, lost: int, gained: int, verdict: Verdict) -> None:
    assert verdict is compare_cases(metric, BEFORE, flips(lost, gained)).verdict


def test_the_cases_that_went_wrong_are_named() -> None:
    assert "; worse: case-1, case-3, case-5, case-7, case-9 and 35 more" in (
        compare_cases(NO_WORSE, BEFORE, flips(40, 0)).reason
    )


def test_a_drop_of_the_margin_passes_in_5_percent_of_sessions() -> None:
    """Calculated: of 200 cases, each goes wrong with probability 0.1, or right with 0.05: a drop of 0.05."""

    def probability(lost: int, gained: int) -> float:
        rest = 200 - lost - gained
        ways = math.lgamma(201) - sum(math.lgamma(count + 1) for count in (lost, gained, rest))
        return math.exp(ways + lost * math.log(0.1) + gained * math.log(0.05) + rest * math.log(0.85))

    passed, most = 0.0, 0
    for gained in range(40):
        # The more is gained, the more may be lost.
        while compare_cases(NO_WORSE, BEFORE, flips(most, gained)).passes:
            most += 1
        passed += sum(probability(lost, gained) for lost in range(most))

    # The interval is an approximation.
    assert 0.05 == pytest.approx(passed, abs=0.001)


def test_repeats_of_a_case_are_no_new_cases() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    once = {f"c{at}": [float(value)] for at, value in enumerate(generator.random(60))}
    again = {name: [value[0] + 0.01, value[0] + 0.03] for name, value in once.items()}
    many = {name: values * 50 for name, values in again.items()}

    few, plenty = (compare_cases(SAME, once, each).interval for each in (again, many))
    assert few is not None
    assert plenty is not None
    assert (few.low, few.high) == pytest.approx((plenty.low, plenty.high))


def test_too_few_cases_cannot_pass() -> None:
    few, scores = cases([1.0] * 9), cases([0.5] * 49)

    assert Verdict.INCOMPARABLE is compare_cases(NO_WORSE, few, few).verdict
    assert Verdict.INCOMPARABLE is compare_cases(NO_WORSE, scores, scores).verdict
    assert "9 cases: fewer than 10 cases cannot show a difference" == too_few(few)
    assert "" == too_few(cases([1.0] * 10)) == too_few(cases([0.5] * 50))
    assert is_binary(few)
    assert not is_binary(scores)


def test_what_is_not_finite_cannot_be_compared() -> None:
    broken = {**BEFORE, "case-3": [math.nan]}

    assert "case case-3 is not a finite number" == compare_cases(NO_WORSE, BEFORE, broken).reason
