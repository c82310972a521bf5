"""The gate: numbers in, verdict out."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Callable, Mapping

import numpy as np
import pytest

from mnist_repro.gate.baselines.judge import judge_samples
from mnist_repro.gate.baselines.values import SampleEntry
from mnist_repro.gate.statistics import (
    FEWEST_PAIRED,
    FEWEST_STORED,
    SESSION_LEVEL,
    compare_distributions,
    compare_seed_by_seed,
    seeds_needed,
    welch_interval,
)
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict
from mnist_repro.runs.log import Line
from mnist_repro.runs.metrics import metric_values, metrics_in_session
from mnist_repro.runs.run import Run
from tests.builders.gate_cases import MARGIN, entry, run, runs, stored, with_samples

Compare = Callable[[Metric, Mapping[int, float], Mapping[int, float]], Finding]
LOSS = Metric("test_loss after 5 epochs", "lower", 0.02, "made up")
ACCURACY = Metric("test_accuracy after 5 epochs", "higher", 0.02, "made up")


def samples(mean: float, count: int = 16, spread: float = 0.002, first_seed: int = 0) -> Mapping[int, float]:
    """Values in pairs around a mean, one pair twice as far out as the next."""
    away = [spread * (-1) ** at * (1 + at // 2 % 3) for at in range(count)]
    return {first_seed + at: mean + each for at, each in enumerate(away)}


def measured(mean: float, count: int = 3, spread: float = 0.002) -> Mapping[int, float]:
    return samples(mean, count, spread, first_seed=100)


def distributions(metric: Metric, theirs: Mapping[int, float], ours: Mapping[int, float], metrics: int = 1) -> Finding:
    return compare_distributions(metric, theirs, ours, "subset", metrics)


def seed_by_seed(metric: Metric, theirs: Mapping[int, float], ours: Mapping[int, float]) -> Finding:
    return compare_seed_by_seed(metric, theirs, ours, "subset")


def with_loss(made: Run, loss: float) -> Run:
    """The run with another test loss."""
    score = made.scores[-1]
    return replace(made, scores=(replace(score, test=replace(score.test, loss=loss)),))


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
    ],
)
def test_a_difference_beyond_the_margin_does_not_pass_in_either_direction(
    metric: Metric, by: float, verdict: Verdict
) -> None:
    finding = distributions(metric, samples(0.5), measured(0.5 + by))

    assert verdict == finding.verdict
    assert not finding.verdict.passes


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


def test_the_level_is_shared_out_among_the_metrics_of_a_session() -> None:
    alone = distributions(LOSS, samples(0.5), measured(0.5), metrics=1)
    of_twenty = distributions(LOSS, samples(0.5), measured(0.5), metrics=20)
    ours, theirs = (np.array(list(each.values())) for each in (measured(0.5), samples(0.5)))

    assert welch_interval(ours, theirs, SESSION_LEVEL / 2) == alone.interval
    assert welch_interval(ours, theirs, SESSION_LEVEL / 40) == of_twenty.interval


def test_a_session_of_all_recipes_compares_three_metrics_of_each_at_subset() -> None:
    assert 6 * 3 == metrics_in_session("subset")


def test_so_many_seeds_as_are_foretold_do_settle_it_and_one_less_does_not() -> None:
    theirs, ours = np.array(list(samples(0.5).values())), np.array([0.49, 0.5, 0.51])
    count = seeds_needed(0.02, ours, theirs, 0.01)

    assert count is not None
    for seeds, settled in ((count, True), (count - 1, False)):
        # A sample of that size with the same mean and spread.
        around = np.array([-1.0, 1.0] * (seeds // 2) + [0.0] * (seeds % 2))
        more = ours.mean() + around * ours.std(ddof=1) / around.std(ddof=1)
        interval = welch_interval(more, theirs, 0.01)
        assert settled == (-0.02 < interval.low and interval.high < 0.02)


# --- Degenerate input never passes ---


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("recipe", ["vgg7", "wheel-softmax"])
def test_a_measured_value_that_is_not_finite_cannot_be_compared(recipe: str, value: float) -> None:
    first, *others = runs(recipe, seeds=(0, 1, 2))

    judgement = judge_samples(stored(recipe), [with_loss(first, value), *others])

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert f"measured is {value} for seed 0" == judgement.findings[0].reason


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("recipe", ["vgg7", "wheel-softmax"])
def test_a_stored_value_that_is_not_finite_cannot_be_compared_not_even_with_itself(recipe: str, value: float) -> None:
    file = stored(recipe)
    broken = dict(metric_values(run(recipe, 1)))
    broken["test_loss after 5 epochs" if recipe == "vgg7" else "test_loss after 3 epochs"] = value
    kept = file.entries[0]
    assert isinstance(kept, SampleEntry)

    judgement = judge_samples(with_samples(file, {**kept.samples, 1: broken}), runs(recipe, seeds=(0, 1, 2)))

    assert Verdict.INCOMPARABLE == judgement.verdict


def test_a_metric_that_one_run_lacks_cannot_be_compared() -> None:
    first, *others = runs()

    judgement = judge_samples(stored(), [replace(first, log=()), *others])

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert "the run of seed 100 does not have it" == judgement.findings[2].reason


def test_a_metric_that_no_run_has_cannot_be_compared() -> None:
    judgement = judge_samples(stored(), [replace(each, log=()) for each in runs()])

    assert Verdict.INCOMPARABLE == judgement.verdict


def test_a_metric_that_is_not_stored_cannot_be_compared() -> None:
    first, *others = runs()
    extra = replace(first, log=(Line(after=6, loss=0.5), *first.log[:0], Line(after=7, loss=0.5)))

    judgement = judge_samples(stored(), [extra, *others])

    names = [finding.name for finding in judgement.findings if finding.verdict is Verdict.INCOMPARABLE]
    assert ["training_loss after 5 epochs", "training_loss after 7 epochs"] == names


def test_stored_samples_that_are_all_the_same_say_nothing_about_their_spread() -> None:
    finding = distributions(LOSS, dict.fromkeys(range(16), 0.5), measured(0.5))

    assert Verdict.INCOMPARABLE == finding.verdict


@pytest.mark.parametrize("compare", [distributions, seed_by_seed])
def test_one_run_counted_several_times_is_no_sample(compare: Compare) -> None:
    alike = dict.fromkeys((0, 1, 2), 0.5)

    finding = compare(LOSS, {**samples(0.5), **({} if compare is distributions else alike)}, alike)

    assert Verdict.INCOMPARABLE == finding.verdict
    assert "it is the same for all 3 seeds, which are one run counted several times" == finding.reason


def test_several_runs_may_have_the_same_accuracy() -> None:
    assert Verdict.EQUIVALENT == distributions(ACCURACY, samples(0.5), dict.fromkeys((100, 101, 102), 0.5)).verdict


def test_seed_by_seed_stored_samples_that_are_all_the_same_cannot_be_compared_with() -> None:
    finding = seed_by_seed(LOSS, dict.fromkeys(range(16), 0.5), {0: 0.5})

    assert Verdict.INCOMPARABLE == finding.verdict


def test_seed_by_seed_too_few_stored_samples_cannot_be_compared_with() -> None:
    enough, too_few = (seed_by_seed(LOSS, samples(0.5, count), {0: 0.502}) for count in (FEWEST_PAIRED, 2))

    assert (Verdict.EQUIVALENT, Verdict.INCOMPARABLE) == (enough.verdict, too_few.verdict)
    assert "2 stored samples are too few, 3 are needed" == too_few.reason


def test_too_few_stored_samples_cannot_be_compared_with() -> None:
    enough, too_few = (distributions(LOSS, samples(0.5, count), measured(0.5)) for count in (FEWEST_STORED, 9))

    assert (Verdict.EQUIVALENT, Verdict.INCOMPARABLE) == (enough.verdict, too_few.verdict)
    assert "9 stored samples are too few, 10 are needed" == too_few.reason


def test_no_stored_samples_cannot_be_compared_with() -> None:
    assert Verdict.INCOMPARABLE == distributions(LOSS, {}, measured(0.5)).verdict


def test_a_seed_that_comes_twice_would_count_one_run_as_two() -> None:
    judgement = judge_samples(stored(), runs(seeds=(100, 101, 100)))

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert "seed 100 comes twice" in judgement.findings[0].reason


@pytest.mark.parametrize("other", [{"dataset": {"name": "surrogate"}}, {"arithmetic": "framework"}])
def test_another_dataset_or_arithmetic_cannot_be_compared(other: Mapping[str, object]) -> None:
    judgement = judge_samples(stored(), [replace(each, **other) for each in runs()])  # type: ignore[arg-type]

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert "no baseline for" in judgement.findings[0].reason
    assert "mnist-repro baseline record vgg7" in judgement.findings[0].reason


@pytest.mark.parametrize(
    "other",
    [{"dataset": {"name": "surrogate"}}, {"arithmetic": "framework"}, {"scale": "full"}, {"recipe": "vgg7-bn"}],
)
def test_runs_of_different_kinds_cannot_be_judged_together(other: Mapping[str, object]) -> None:
    first, *others = runs()

    judgement = judge_samples(stored(), [*others, replace(first, **other)])  # type: ignore[arg-type]

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert "different" in judgement.findings[0].reason


def test_one_seed_says_nothing_about_spread() -> None:
    judgement = judge_samples(stored(), runs(seeds=(100,)))

    assert Verdict.INCONCLUSIVE == judgement.verdict
    assert 3 == judgement.findings[0].seeds_needed


def test_one_seed_is_enough_where_runs_are_compared_seed_by_seed() -> None:
    assert Verdict.EQUIVALENT == judge_samples(stored("wheel-softmax"), runs("wheel-softmax", seeds=(3,))).verdict


def test_seed_by_seed_a_seed_that_is_not_stored_cannot_be_compared() -> None:
    judgement = judge_samples(stored("wheel-softmax"), runs("wheel-softmax", seeds=(0, 16)))

    assert Verdict.INCOMPARABLE == judgement.verdict
    assert "no run of seed 16 is stored" in judgement.findings[0].reason


def test_no_runs_are_no_pass() -> None:
    assert Verdict.INCOMPARABLE == judge_samples(stored(), []).verdict


def test_a_judgement_without_findings_is_no_pass() -> None:
    assert Verdict.INCOMPARABLE == Judgement("vgg7", ()).verdict


@pytest.mark.parametrize("margin", [-0.1, 0.0, math.nan, math.inf])
def test_a_margin_is_a_positive_number(margin: float) -> None:
    with pytest.raises(ValueError, match="margin of test_loss"):
        replace(LOSS, margin=margin)


# --- A recipe's verdict ---


def test_clean_runs_of_other_seeds_are_equivalent_in_every_metric() -> None:
    judgement = judge_samples(stored(), runs())

    assert [Verdict.EQUIVALENT] * 3 == [finding.verdict for finding in judgement.findings]


@pytest.mark.parametrize(("better", "verdict"), [(0.1, Verdict.IMPROVED), (-0.1, Verdict.REGRESSED)])
def test_the_direction_of_each_metric_counts(better: float, verdict: Verdict) -> None:
    judgement = judge_samples(stored(), runs(better=better))

    assert [verdict] * 3 == [finding.verdict for finding in judgement.findings]


def test_a_recipe_is_as_good_as_its_worst_finding() -> None:
    findings = [judge_samples(stored(), runs(better=better)).findings[0] for better in (0.0, -5 * MARGIN)]

    assert Verdict.REGRESSED == Judgement("vgg7", tuple(findings)).verdict


def test_samples_of_another_platform_are_compared_and_the_note_names_both() -> None:
    theirs = replace(entry(), provenance={"machine": "aarch64", "tensorflow": "2.2.0", "keras": "2.3.0-tf"})
    file = replace(stored(), entries=(theirs,))

    judgement = judge_samples(file, runs())

    assert Verdict.EQUIVALENT == judgement.verdict
    platforms = "stored on aarch64, TensorFlow 2.2, Keras 2.3, measured on x86_64, TensorFlow 2.21, Keras 3.15"
    assert (platforms,) == judgement.notes
