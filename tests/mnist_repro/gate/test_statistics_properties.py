"""What must hold of the gate's verdicts whatever the samples are."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Dict, List, Sequence

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnist_repro.gate.statistics import compare_distributions, compare_seed_by_seed, welch_interval
from mnist_repro.gate.verdicts import Finding, Metric, Verdict

# Samples, margins and shifts are multiples of it, and small ones: sums and differences of them are exact.
GRID = 2.0**-20
METRICS = 18
SWAPPED = {Verdict.IMPROVED: Verdict.REGRESSED, Verdict.REGRESSED: Verdict.IMPROVED}


@dataclass(frozen=True)
class Case:
    """What a comparison takes."""

    theirs: Sequence[float]
    ours: Sequence[float]
    metric: Metric

    def moved(self, shift: float = 0.0, sign: float = 1.0) -> Case:
        theirs, ours = ([sign * value + shift for value in values] for values in (self.theirs, self.ours))
        return replace(self, theirs=theirs, ours=ours)

    def swapped(self) -> Case:
        other = {"lower": "higher", "higher": "lower"}[self.metric.direction]
        return replace(self, metric=replace(self.metric, direction=other))

    def widened(self, by: float) -> Case:
        return replace(self, metric=replace(self.metric, margin=self.metric.margin + by))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Samples of every spread, near each other and far apart, so that every verdict comes up."""
    width = 2 ** draw(st.integers(2, 18))
    steps = st.integers(0, width)
    apart = draw(st.one_of(st.just(0), st.integers(-(2**19), 2**19)))
    theirs = draw(st.lists(steps, min_size=10, max_size=20).filter(lambda values: len(set(values)) > 1))
    ours = [apart + count for count in draw(st.lists(steps, min_size=2, max_size=10))]
    metric = Metric("test_loss", draw(st.sampled_from(["lower", "higher"])), GRID * draw(st.integers(1, 2**20)), "why")
    return Case([GRID * count for count in theirs], [GRID * count for count in ours], metric)


SHIFTS = st.integers(-(2**22), 2**22).map(lambda count: count * GRID)


def seeded(values: Sequence[float], first: int = 0) -> Dict[int, float]:
    return dict(enumerate(values, start=first))


def as_distributions(case: Case) -> Finding:
    return compare_distributions(case.metric, seeded(case.theirs), seeded(case.ours, 100), "subset", METRICS)


def seed_by_seed(case: Case) -> Finding:
    return compare_seed_by_seed(case.metric, seeded(case.theirs), seeded(case.ours), "subset")


def rounding_decides(case: Case) -> bool:
    """Whether the interval ends so near to the margin that rounding decides on which side of it."""
    interval = welch_interval(np.array(case.ours), np.array(case.theirs), 0.05 / METRICS / 2)
    return any(abs(abs(end) - case.metric.margin) < 1e-9 for end in (interval.low, interval.high))


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_verdict_does_not_depend_on_the_order_of_seeds(case: Case, order: random.Random) -> None:
    pairs: List[Dict[int, float]] = []
    for samples in (seeded(case.theirs), seeded(case.ours, 100)):
        shuffled = list(samples.items())
        order.shuffle(shuffled)
        pairs.append(dict(shuffled))

    before, after = as_distributions(case), compare_distributions(case.metric, pairs[0], pairs[1], "subset", METRICS)

    assert (before.verdict, before.interval, before.seeds_needed) == (after.verdict, after.interval, after.seeds_needed)


@given(cases(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_seed_by_seed_the_verdict_does_not_depend_on_the_order_of_seeds(case: Case, order: random.Random) -> None:
    shuffled = list(seeded(case.ours).items())
    order.shuffle(shuffled)

    after = compare_seed_by_seed(case.metric, seeded(case.theirs), dict(shuffled), "subset")

    assert seed_by_seed(case).verdict == after.verdict


@given(cases(), st.integers(1, 2**20).map(lambda count: count * GRID))
@settings(max_examples=50, deadline=None)
def test_a_larger_margin_never_turns_equivalent_into_anything_else(case: Case, wider: float) -> None:
    if as_distributions(case).verdict is Verdict.EQUIVALENT:
        assert Verdict.EQUIVALENT == as_distributions(case.widened(wider)).verdict
    if seed_by_seed(case).verdict is Verdict.EQUIVALENT:
        assert Verdict.EQUIVALENT == seed_by_seed(case.widened(wider)).verdict


@given(cases(), st.integers(1, 2**20).map(lambda count: count * GRID))
@settings(max_examples=50, deadline=None)
def test_a_larger_margin_never_makes_a_verdict_of_better_or_worse_out_of_another(case: Case, wider: float) -> None:
    for compare in (as_distributions, seed_by_seed):
        after = compare(case.widened(wider)).verdict
        if after in SWAPPED:
            assert compare(case).verdict == after


@given(cases(), SHIFTS)
@settings(max_examples=50, deadline=None)
def test_shifting_both_samples_changes_nothing(case: Case, shift: float) -> None:
    assume(not rounding_decides(case))

    assert as_distributions(case).verdict == as_distributions(case.moved(shift)).verdict


@given(cases(), SHIFTS)
@settings(deadline=None)
def test_seed_by_seed_shifting_both_samples_changes_nothing(case: Case, shift: float) -> None:
    assert seed_by_seed(case).verdict == seed_by_seed(case.moved(shift)).verdict


@given(cases())
@settings(max_examples=50, deadline=None)
def test_swapping_direction_and_sign_together_changes_nothing(case: Case) -> None:
    before, after = as_distributions(case), as_distributions(case.moved(sign=-1.0).swapped())

    assert (before.verdict, before.seeds_needed) == (after.verdict, after.seeds_needed)


@given(cases())
@settings(deadline=None)
def test_seed_by_seed_swapping_direction_and_sign_together_changes_nothing(case: Case) -> None:
    assert seed_by_seed(case).verdict == seed_by_seed(case.moved(sign=-1.0).swapped()).verdict


@given(cases())
@settings(max_examples=50, deadline=None)
def test_swapping_the_direction_alone_swaps_better_and_worse(case: Case) -> None:
    before = as_distributions(case).verdict

    assert SWAPPED.get(before, before) == as_distributions(case.swapped()).verdict
