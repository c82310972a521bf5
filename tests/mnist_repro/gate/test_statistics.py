"""The gate: numbers in, verdict out; and what must hold of the verdicts whatever the samples are."""

from __future__ import annotations

import math
import random
import warnings
from dataclasses import dataclass, replace
from typing import Callable, Dict, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnist_repro.gate.statistics import (
    AUTO_SEEDS,
    FEWEST_PAIRED,
    FEWEST_STORED,
    LEVEL,
    compare_distributions,
    compare_seed_by_seed,
    welch_interval,
)
from mnist_repro.gate.verdicts import Finding, Metric, Verdict

Compare = Callable[[Metric, Mapping[int, float], Mapping[int, float]], Finding]
LOSS = Metric("test_loss after 5 epochs", "lower", 0.02, "made up")
ACCURACY = Metric("test_accuracy after 5 epochs", "higher", 0.02, "made up")
NO_WORSE_LOSS, NO_WORSE_ACCURACY = (replace(metric, claim="no worse") for metric in (LOSS, ACCURACY))
NEITHER = replace(LOSS, name="angle", direction="same")


def samples(mean: float, count: int = 16, spread: float = 0.002, first_seed: int = 0) -> Mapping[int, float]:
    """Values in pairs around a mean, one pair twice as far out as the next."""
    away = [spread * (-1) ** at * (1 + at // 2 % 3) for at in range(count)]
    return {first_seed + at: mean + each for at, each in enumerate(away)}


def measured(mean: float, count: int = 3, spread: float = 0.002) -> Mapping[int, float]:
    return samples(mean, count, spread, first_seed=100)


distributions, seed_by_seed = compare_distributions, compare_seed_by_seed


# --- Which verdict ---


def test_the_same_distribution_is_equivalent() -> None:
    assert Verdict.EQUIVALENT == distributions(LOSS, samples(0.5), measured(0.501, 6)).verdict


@pytest.mark.parametrize(
    ("metric", "by", "verdict"),
    [
        (LOSS, +0.1, Verdict.REGRESSED),
        (LOSS, -0.1, Verdict.IMPROVED),
        (ACCURACY, +0.1, Verdict.IMPROVED),
        (ACCURACY, -0.1, Verdict.REGRESSED),
        (NEITHER, +0.1, Verdict.CHANGED),
        (NEITHER, -0.1, Verdict.CHANGED),
    ],
)
def test_where_sameness_is_claimed_a_difference_beyond_the_margin_does_not_pass_in_either_direction(
    metric: Metric, by: float, verdict: Verdict
) -> None:
    as_distributions = distributions(metric, samples(0.5), measured(0.5 + by))
    theirs = samples(0.5, 3)
    paired = seed_by_seed(metric, theirs, {seed: value + by for seed, value in theirs.items()})

    assert [verdict, verdict] == [as_distributions.verdict, paired.verdict]
    assert not verdict.passes


@pytest.mark.parametrize(
    ("metric", "by", "verdict"),
    [
        (NO_WORSE_LOSS, 0.0, Verdict.NO_WORSE),
        (NO_WORSE_LOSS, -0.1, Verdict.BETTER),
        (NO_WORSE_LOSS, +0.1, Verdict.REGRESSED),
        (NO_WORSE_ACCURACY, 0.0, Verdict.NO_WORSE),
        (NO_WORSE_ACCURACY, +0.1, Verdict.BETTER),
        (NO_WORSE_ACCURACY, -0.1, Verdict.REGRESSED),
    ],
)
def test_where_no_worse_is_claimed_better_passes_visibly_and_worse_does_not(
    metric: Metric, by: float, verdict: Verdict
) -> None:
    theirs = samples(0.5, 3)
    ours = {seed: value + by + 1e-6 for seed, value in theirs.items()}

    assert verdict == distributions(metric, samples(0.5), measured(0.5 + by)).verdict
    assert verdict == seed_by_seed(metric, theirs, ours).verdict
    assert verdict.passes == (verdict is not Verdict.REGRESSED)


@pytest.mark.parametrize("metric", [NO_WORSE_LOSS, NO_WORSE_ACCURACY])
def test_where_no_worse_is_claimed_only_the_bound_on_the_worse_side_counts(metric: Metric) -> None:
    better = -1.0 if metric is NO_WORSE_LOSS else 1.0
    # About as much better as the margin, so that two one-sided tests could not show sameness.
    ours = measured(0.5 + better * metric.margin)

    assert Verdict.NO_WORSE == distributions(metric, samples(0.5), ours).verdict
    assert Verdict.INCONCLUSIVE == distributions(replace(metric, claim="equivalent"), samples(0.5), ours).verdict
    assert Verdict.INCONCLUSIVE == distributions(metric, samples(0.5), measured(0.5 - better * metric.margin)).verdict


@pytest.mark.parametrize(
    ("off", "verdict", "seed"),
    [
        ({0: -0.1, 1: +0.03}, Verdict.REGRESSED, 1),
        ({0: +0.03, 1: +0.05}, Verdict.REGRESSED, 1),
        ({0: -0.1, 1: +0.01}, Verdict.BETTER, 0),
    ],
)
def test_seed_by_seed_one_seed_that_is_worse_fails_whatever_the_others_do(
    off: Dict[int, float], verdict: Verdict, seed: int
) -> None:
    theirs = {0: 0.5, 1: 0.25, 2: 0.75}

    finding = seed_by_seed(NO_WORSE_LOSS, theirs, {each: theirs[each] + by for each, by in off.items()})

    assert verdict == finding.verdict
    assert finding.reason.startswith(f"seed {seed} gave ")


def test_an_interval_that_crosses_the_margin_is_inconclusive_and_says_how_many_seeds_would_settle_it() -> None:
    finding = distributions(LOSS, samples(0.5), measured(0.5, spread=0.01))

    assert Verdict.INCONCLUSIVE == finding.verdict
    assert finding.seeds_needed is not None
    assert 3 < finding.seeds_needed < 20
    assert f"{finding.seeds_needed} seeds would probably settle it" in finding.reason


def test_a_difference_as_large_as_the_margin_cannot_be_settled_by_seeds() -> None:
    finding = distributions(LOSS, samples(0.5), measured(0.5 + LOSS.margin))

    assert (Verdict.INCONCLUSIVE, None) == (finding.verdict, finding.seeds_needed)


def test_the_same_seeds_with_the_same_bits_need_no_statistics() -> None:
    theirs = samples(0.5, spread=0.2)

    finding = distributions(LOSS, theirs, {seed: theirs[seed] for seed in (0, 1, 2)})

    assert Verdict.EQUIVALENT == finding.verdict
    assert "the same bits" in finding.reason


@pytest.mark.parametrize(("away", "verdict"), [(0.9e-6, Verdict.EQUIVALENT), (1.1e-6, Verdict.REGRESSED)])
def test_seed_by_seed_the_margin_is_on_every_run(away: float, verdict: Verdict) -> None:
    metric = replace(LOSS, margin=1e-6)
    theirs = {0: 0.25, 1: 0.75, 2: 0.5}

    finding = seed_by_seed(metric, theirs, {0: 0.25, 1: 0.75 + away})

    assert verdict == finding.verdict


def test_seed_by_seed_means_are_of_the_seeds_that_were_measured() -> None:
    finding = seed_by_seed(LOSS, {0: 0.25, 1: 0.75, 2: 0.5}, {0: 0.25})

    assert ("0.25", "0.25") == (finding.stored, finding.measured)


def test_seed_by_seed_one_run_beyond_the_margin_is_not_averaged_away() -> None:
    metric = replace(LOSS, margin=1e-6)

    finding = seed_by_seed(metric, {0: 0.5, 1: 0.25, 2: 0.75}, {0: 0.5 + 1e-3, 1: 0.25 - 1e-3})

    assert not finding.verdict.passes
    assert "seed 0 gave 0.501" in finding.reason


# --- The statistics ---


@pytest.mark.parametrize("tail", [0.025, 0.001])
def test_welchs_interval_ends_where_scipys_welch_test_has_that_p_value(tail: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy 1.4 with a newer NumPy
        from scipy import stats
    ours, theirs = np.array([0.31, 0.36, 0.33]), np.array([0.29, 0.30, 0.32, 0.28, 0.27, 0.33, 0.30])

    interval = welch_interval(ours, theirs, tail)

    for end in (interval.low, interval.high):
        p_value = float(stats.ttest_ind(ours - end, theirs, equal_var=False)[1])
        assert p_value == pytest.approx(2 * tail, rel=1e-6)


def test_welchs_interval_by_hand() -> None:
    # Both variances are 1, three values each: standard error sqrt(2/3), four degrees of freedom.
    interval = welch_interval(np.array([10.0, 11.0, 12.0]), np.array([0.0, 1.0, 2.0]), 0.025)

    assert 10.0 == (interval.low + interval.high) / 2
    # 2.776445 stands in every table of Student's t.
    assert (interval.high - interval.low) / 2 == pytest.approx(2.776445 * math.sqrt(2 / 3), rel=1e-6)


def test_the_interval_of_a_finding_has_the_level_of_a_look() -> None:
    ours, theirs = (np.array(list(each.values())) for each in (measured(0.5), samples(0.5)))
    alone, of_twenty, two_looks = (
        distributions(LOSS, samples(0.5), measured(0.5), **options).interval
        for options in ({}, {"metrics": 20}, {"looks": 2, "metrics": 3})
    )

    # Two one-sided tests at 5 % are an interval of 90 %, whatever the number of metrics.
    assert welch_interval(ours, theirs, LEVEL) == alone == of_twenty
    assert welch_interval(ours, theirs, LEVEL / 2) == two_looks


# Ten values each, half of them 1 above and half of them 1 below the mean: both variances are 10/9, and the standard
# error of the difference is sqrt(2)/3, with 18 degrees of freedom. Every table has what Student's t exceeds with these
# probabilities.
STANDARD_ERROR = math.sqrt(2) / 3
TABLE = {0.05: 1.734064, 0.025: 2.100922, 0.01: 2.552380, 0.005: 2.878440, 0.0005: 3.921646}


def verdict_of(metric: Metric, difference: float, margin: float, **options: int) -> Verdict:
    around = [(-1.0) ** at for at in range(10)]
    theirs, ours = (seeded([mean + value for value in around], first) for mean, first in ((8.0, 0), (8.0, 100)))
    moved = {seed: value + difference for seed, value in ours.items()}
    return distributions(replace(metric, margin=margin), theirs, moved, **options).verdict


@pytest.mark.parametrize("metric", [LOSS, NO_WORSE_LOSS, NEITHER])
@pytest.mark.parametrize(
    ("options", "tail"),
    [
        ({}, 0.05),
        ({"looks": 2}, 0.025),
        ({"looks": 5}, 0.01),
        # All metrics of a check must pass, so that passing needs no correction for their number.
        ({"metrics": 50}, 0.05),
        ({"looks": 5, "metrics": 50}, 0.01),
    ],
)
def test_a_check_passes_at_the_level_of_each_look(metric: Metric, options: Dict[str, int], tail: float) -> None:
    reach = TABLE[tail] * STANDARD_ERROR

    assert verdict_of(metric, 2.0, 2.0 + 1.00001 * reach, **options).passes
    assert Verdict.INCONCLUSIVE == verdict_of(metric, 2.0, 2.0 + 0.99999 * reach, **options)


@pytest.mark.parametrize(("metric", "verdict"), [(LOSS, Verdict.REGRESSED), (NO_WORSE_LOSS, Verdict.REGRESSED),
                                                 (NEITHER, Verdict.CHANGED)])  # fmt: skip
@pytest.mark.parametrize(
    ("options", "tail"),
    [
        ({}, 0.025),
        ({"metrics": 5}, 0.005),
        ({"metrics": 50}, 0.0005),
        ({"looks": 5}, 0.005),
        ({"looks": 5, "metrics": 10}, 0.0005),
    ],
)
def test_a_direction_is_claimed_at_the_level_that_metrics_and_looks_share(
    metric: Metric, verdict: Verdict, options: Dict[str, int], tail: float
) -> None:
    reach = TABLE[tail] * STANDARD_ERROR

    assert verdict == verdict_of(metric, 0.5 + 1.00001 * reach, 0.5, **options)
    assert Verdict.INCONCLUSIVE == verdict_of(metric, 0.5 + 0.99999 * reach, 0.5, **options)


def test_better_is_claimed_at_the_shared_level_and_below_it_the_check_passes_as_no_worse() -> None:
    reach = TABLE[0.0005] * STANDARD_ERROR

    assert [Verdict.BETTER, Verdict.NO_WORSE] == [
        verdict_of(NO_WORSE_LOSS, -0.5 - by * reach, 0.5, metrics=50) for by in (1.00001, 0.99999)
    ]


@pytest.mark.parametrize(("away", "metrics", "looks"), [(0.0, 1, 1), (0.01, 3, 2), (0.05, 1, 1), (0.05, 18, 2)])
def test_so_many_seeds_as_are_foretold_do_settle_it_and_one_less_does_not(
    away: float, metrics: int, looks: int
) -> None:
    theirs, ours = samples(0.5), np.array([0.47, 0.5, 0.53]) + away
    count = distributions(LOSS, theirs, seeded(list(ours), 100), metrics, looks).seeds_needed

    assert count is not None
    assert count > len(ours) + 1
    for seeds, settled in ((count, True), (count - 1, False)):
        # A sample of that size with the same mean and spread.
        around = np.array([-1.0, 1.0] * (seeds // 2) + [0.0] * (seeds % 2))
        more = seeded(list(ours.mean() + around * ours.std(ddof=1) / around.std(ddof=1)), 100)
        assert settled == (distributions(LOSS, theirs, more, metrics, looks).verdict is not Verdict.INCONCLUSIVE)


# --- Degenerate input never passes ---


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("compare", [distributions, seed_by_seed])
def test_a_value_that_is_not_finite_cannot_be_compared_not_even_with_itself(compare: Compare, value: float) -> None:
    broken = {**samples(0.5), 0: value}

    pairs = ((broken, samples(0.5)), (samples(0.5), broken), (broken, broken))
    reasons = [compare(LOSS, *pair).reason for pair in pairs]

    assert [f"{whose} is {value} for seed 0" for whose in ("stored", "measured", "stored")] == reasons


def test_one_seed_says_nothing_about_spread() -> None:
    finding = distributions(LOSS, samples(0.5), measured(0.5, 1))

    assert (Verdict.INCONCLUSIVE, AUTO_SEEDS[0]) == (finding.verdict, finding.seeds_needed)


@pytest.mark.parametrize("compare", [distributions, seed_by_seed])
def test_one_run_counted_several_times_is_no_sample(compare: Compare) -> None:
    alike = dict.fromkeys((0, 1, 2), 0.5)

    varied = {seed: value + 1e-4 * seed for seed, value in samples(0.5).items()}
    finding = compare(LOSS, varied, alike)

    assert Verdict.INCOMPARABLE == finding.verdict
    assert "identical for all 3 seeds: this looks like one run counted 3 times" == finding.reason


@pytest.mark.parametrize("metric", [LOSS, ACCURACY])
def test_where_stored_values_repeat_measured_ones_may_all_be_the_same_by_chance(metric: Metric) -> None:
    alike = dict.fromkeys((100, 101, 102), 0.5)
    repeating = {seed: 0.5 + 0.001 * (seed % 8 - 3.5) for seed in range(16)}
    different = {seed: 0.5 + 0.001 * (seed / 2 - 3.5) for seed in range(16)}

    assert [Verdict.EQUIVALENT, Verdict.INCOMPARABLE] == [
        distributions(metric, stored, alike).verdict for stored in (repeating, different)
    ]


@pytest.mark.parametrize("compare", [distributions, seed_by_seed])
def test_stored_samples_that_are_all_the_same_cannot_be_compared_with(compare: Compare) -> None:
    assert Verdict.INCOMPARABLE == compare(LOSS, dict.fromkeys(range(16), 0.5), {0: 0.5, 1: 0.501}).verdict


@pytest.mark.parametrize(("compare", "needed"), [(distributions, FEWEST_STORED), (seed_by_seed, FEWEST_PAIRED)])
def test_too_few_stored_samples_cannot_be_compared_with(compare: Compare, needed: int) -> None:
    ours = {0: 0.502, 1: 0.501, 2: 0.5005}
    enough, too_few, none = (compare(LOSS, samples(0.5, count), ours) for count in (needed, needed - 1, 0))

    assert [Verdict.EQUIVALENT, *[Verdict.INCOMPARABLE] * 2] == [each.verdict for each in (enough, too_few, none)]
    assert f"{needed - 1} stored samples: too few, {needed} are needed" == too_few.reason


# --- Whatever the samples are ---

# Samples, margins and shifts are multiples of it, and small ones: sums and differences of them are exact.
GRID = 2.0**-20
METRICS = 18
SWAPPED = {Verdict.IMPROVED: Verdict.REGRESSED, Verdict.REGRESSED: Verdict.IMPROVED}
BEYOND = (*SWAPPED, Verdict.BETTER)


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
    direction, claim = draw(st.sampled_from(["lower", "higher"])), draw(st.sampled_from(["equivalent", "no worse"]))
    metric = Metric("test_loss", direction, GRID * draw(st.integers(1, 2**20)), "why", claim)
    return Case([GRID * count for count in theirs], [GRID * count for count in ours], metric)


SHIFTS = st.integers(-(2**22), 2**22).map(lambda count: count * GRID)


def seeded(values: Sequence[float], first: int = 0) -> Dict[int, float]:
    return dict(enumerate(values, start=first))


def as_distributions(case: Case, arranged: Callable[[Dict[int, float]], Dict[int, float]] = dict) -> Finding:
    theirs, ours = arranged(seeded(case.theirs)), arranged(seeded(case.ours, 100))
    return compare_distributions(case.metric, theirs, ours, METRICS)


def seed_by_seed_of(case: Case, arranged: Callable[[Dict[int, float]], Dict[int, float]] = dict) -> Finding:
    return compare_seed_by_seed(case.metric, arranged(seeded(case.theirs)), arranged(seeded(case.ours)))


EITHER = pytest.mark.parametrize("compare", [as_distributions, seed_by_seed_of])
WIDER = st.integers(1, 2**20).map(lambda count: count * GRID)


def rounding_decides(case: Case) -> bool:
    """Whether the interval ends so near to the margin that rounding decides on which side of it."""
    intervals = (
        welch_interval(np.array(case.ours), np.array(case.theirs), tail) for tail in (LEVEL, LEVEL / METRICS / 2)
    )
    ends = [end for interval in intervals for end in (interval.low, interval.high)]
    return any(abs(abs(end) - case.metric.margin) < 1e-9 for end in ends)


@EITHER
@given(case=cases(), order=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_verdict_does_not_depend_on_the_order_of_seeds(
    compare: Callable[..., Finding], case: Case, order: random.Random
) -> None:
    def shuffled(samples: Dict[int, float]) -> Dict[int, float]:
        return dict(order.sample(list(samples.items()), len(samples)))

    before, after = compare(case), compare(case, shuffled)

    assert (before.verdict, before.interval, before.seeds_needed) == (after.verdict, after.interval, after.seeds_needed)


@EITHER
@given(case=cases(), wider=WIDER)
@settings(max_examples=40, deadline=None)
def test_a_larger_margin_keeps_what_passed_and_makes_nothing_better_or_worse(
    compare: Callable[[Case], Finding], case: Case, wider: float
) -> None:
    before, after = compare(case).verdict, compare(case.widened(wider)).verdict

    assert not before.passes or after.passes
    # Seed by seed, the one that was worse may be within the wider margin, and another one better.
    better = compare is seed_by_seed_of and (before, after) == (Verdict.REGRESSED, Verdict.BETTER)
    assert after not in BEYOND or before == after or better


@EITHER
@given(case=cases(), shift=SHIFTS)
@settings(max_examples=40, deadline=None)
def test_shifting_both_samples_changes_nothing(compare: Callable[[Case], Finding], case: Case, shift: float) -> None:
    assume(compare is seed_by_seed_of or not rounding_decides(case))

    assert compare(case).verdict == compare(case.moved(shift)).verdict


@EITHER
@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_swapping_direction_and_sign_together_changes_nothing(compare: Callable[[Case], Finding], case: Case) -> None:
    before, after = compare(case), compare(case.moved(sign=-1.0).swapped())

    assert (before.verdict, before.seeds_needed) == (after.verdict, after.seeds_needed)


@given(cases())
@settings(max_examples=40, deadline=None)
def test_swapping_the_direction_alone_swaps_better_and_worse(case: Case) -> None:
    same = replace(case, metric=replace(case.metric, claim="equivalent"))
    before = as_distributions(same).verdict

    assert SWAPPED.get(before, before) == as_distributions(same.swapped()).verdict
