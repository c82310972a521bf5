"""What is proposed of runs and fingerprints: margins with their reasons, and nothing that is not a number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Callable

import pytest

from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.margins import rounded_up
from mnist_repro.harness.tolerances import fingerprint_entry, joint_provenance, require_enough, sample_entry
from mnist_repro.recipes import RECIPES, find
from mnist_repro.runs.metrics import metric_names
from tests.builders.made_up_baselines import (
    ACCURACY,
    CONDITIONS,
    HERE,
    LOSS,
    PLATFORM,
    SPREAD,
    TRAINING,
    fingerprint,
    metrics,
    run,
    runs,
    samples,
    values,
)
from tests.builders.refused import refused

WHEEL, VGG7 = find("wheel-softmax"), find("vgg7")
CODE = "0123456789ab"
TAKEN = TakenFingerprint("vgg7", "mnist", "original", {"steps": 9380}, {"loss of step 1": 2.5}, HERE)
DIVERGED = replace(TAKEN, losses={"loss of step 2": math.inf})


def test_softmax_recipes_are_compared_seed_by_seed_within_rounding() -> None:
    entry = sample_entry(WHEEL, "subset", runs([0.25, 0.5, 0.375]), CODE)

    assert {0: values(0.25), 1: values(0.5), 2: values(0.375)} == entry.samples
    assert (CONDITIONS, (), True) == (entry.conditions, entry.history, entry.paired)
    assert {LOSS: ("lower", 7.5e-7), ACCURACY: ("higher", 1.5e-4), TRAINING: ("lower", 1.75e-6)} == {
        metric.name: (metric.direction, metric.margin) for metric in entry.metrics
    }
    assert [
        "2e-06 of the mean: seed by seed float32 rounding stays below on every TensorFlow and CPU",
        "1.5 of 10,000 images: rounding may move one that lies on a boundary, not two",
    ] == [metric.reason for metric in entry.metrics[:2]]


def test_what_produced_the_runs_is_told() -> None:
    entry = sample_entry(WHEEL, "subset", runs([0.25, 0.5, 0.375]), CODE)
    sha256 = run(0, 0.25).dataset["sha256"]

    assert {"commit": "c0ffee", "seconds": 4.5, "code": CODE, "dataset_sha256": sha256} == {
        name: entry.provenance[name] for name in ("commit", "seconds", "code", "dataset_sha256")
    }


def test_cnns_are_compared_as_distributions_within_standard_deviations() -> None:
    entry = sample_entry(VGG7, "subset", runs(SPREAD, recipe="vgg7"), CODE)
    names = metric_names(VGG7, "subset")
    margin = rounded_up(4.0 * standard_deviation(SPREAD))

    assert not entry.paired
    assert list(names) == [metric.name for metric in entry.metrics]
    assert {margin} == {metric.margin for metric in entry.metrics}


@pytest.mark.parametrize(("recorded", "multiple"), [(10, 4.0), (15, 4.0), (16, 3.0), (20, 3.0)])
def test_a_margin_is_wider_where_fewer_are_recorded_and_says_by_how_much(recorded: int, multiple: float) -> None:
    losses = [0.05 + 0.001 * (seed % 5) + 0.0001 * seed for seed in range(recorded)]
    metric = sample_entry(VGG7, "subset", runs(losses, recipe="vgg7"), CODE).metrics[0]

    assert rounded_up(multiple * standard_deviation(losses)) == metric.margin
    assert f"{multiple:.0f} standard deviations of the {recorded} recorded samples" == metric.reason
    assert "equivalent" == metric.claim


def test_runs_of_two_commits_name_both() -> None:
    first, second = runs([0.25, 0.5])
    later = {**second.provenance, "commit": "d00f-dirty", "finished": "2026-02-01T00:00:00+00:00"}
    joint = joint_provenance([first, replace(second, provenance=later)])

    assert ("c0ffee, d00f-dirty", "2026-02-01T00:00:00+00:00", {}) == (
        joint["commit"],
        joint["finished"],
        joint["switches"],
    )


def test_stored_margins_and_reasons_stay_and_a_metric_that_was_not_stored_gets_its_own() -> None:
    previous = metrics(loss=0.125, accuracy=0.25)
    whole, part = (
        sample_entry(WHEEL, "subset", runs([0.25, 0.5, 0.375]), CODE, samples(metrics=stored)).metrics
        for stored in (previous, previous[:1])
    )

    assert previous == whole
    assert [0.125, 1.5e-4, 1.75e-6] == [metric.margin for metric in part]


@pytest.mark.parametrize(
    ("propose", "what"),
    [
        (lambda: require_enough(VGG7, 9), "9 seeds of vgg7"),
        (lambda: require_enough(WHEEL, 2), "2 seeds of wheel-softmax"),
        (
            lambda: sample_entry(WHEEL, "subset", [run(0, 0.25), run(7, math.nan)], CODE),
            f"wheel-softmax, seed 7: {LOSS} is nan",
        ),
        (
            lambda: sample_entry(WHEEL, "subset", [run(0, 0.25), run(7, -math.inf)], CODE),
            f"wheel-softmax, seed 7: {LOSS} is -inf",
        ),
        (
            lambda: sample_entry(WHEEL, "subset", [run(0, 0.25), replace(run(7, 0.25), log=())], CODE),
            f"the run of wheel-softmax, seed 7, and the recipe's metrics differ in {TRAINING}",
        ),
        (
            lambda: fingerprint_entry(DIVERGED),
            "vgg7: loss of step 2 is inf",
        ),
    ],
)
def test_what_no_gate_could_compare_with_is_refused(propose: Callable[[], object], what: str) -> None:
    assert what == refused(propose)[0]


def test_a_fingerprint_gets_its_recipe_s_tolerance_and_platform() -> None:
    entry = fingerprint_entry(replace(TAKEN, recipe="vgg7-bn"))

    assert (CONDITIONS, PLATFORM) == (entry.conditions, entry.platform)
    assert 1e-5 == entry.tolerance
    assert entry.reason.startswith("ten times what threads, oneDNN and instruction sets make of these first steps")


def test_softmax_recipes_have_the_tolerance_of_rounding() -> None:
    assert {2e-6} == {recipe.fingerprint_tolerance for recipe in RECIPES.values() if recipe.is_softmax_regression}


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, 2e-3, math.nan])
def test_a_tolerance_that_allows_more_than_rounding_is_refused(tolerance: float) -> None:
    with pytest.raises(ValueError, match="the tolerance of a fingerprint allows rounding"):
        replace(WHEEL, fingerprint_tolerance=tolerance)


def test_a_stored_tolerance_stays() -> None:
    previous = fingerprint(tolerance=0.25, reason="measured on another machine")
    entry = fingerprint_entry(TAKEN, previous)

    assert (0.25, "measured on another machine") == (entry.tolerance, entry.reason)
