"""What is compared of a run: the same names from the recipe as from a run of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mnist_repro.recipes import RECIPES, find
from mnist_repro.runs.log import Line
from mnist_repro.runs.metrics import direction, metric_names, metric_values, metrics_in_session, values_by_seed
from mnist_repro.runs.run_json import read
from tests.builders.made_up_baselines import ACCURACY, LOSS, TRAINING, run, values
from tests.builders.reproduced import Reproduced


@pytest.mark.parametrize("name", ["wheel-softmax", "tf-softmax", "vgg7-bn"])
def test_real_runs_have_the_metrics_of_their_recipe(name: str, reproduced: Reproduced) -> None:
    assert set(metric_names(find(name), "subset")) == set(metric_values(read(reproduced.folder(name))))


def test_each_score_of_a_recipe_counts() -> None:
    assert (
        "test_loss after 3 epochs",
        "test_accuracy after 3 epochs",
        "test_loss after 10 epochs",
        "test_accuracy after 10 epochs",
        "training_loss after 10 epochs",
    ) == metric_names(find("vgg7"), "full")


def test_budgets_in_steps_are_named_in_steps() -> None:
    expected = ("test_loss after 1,000 steps", "test_accuracy after 1,000 steps", "training_loss after 1,000 steps")

    assert expected == metric_names(find("tf-softmax"), "full")


def test_a_run_gives_its_values() -> None:
    assert values(0.25) == metric_values(run(0, 0.25))


def test_a_loss_that_was_lost_is_not_a_number() -> None:
    lost = replace(run(0, 0.25), log=(Line(after=3),))

    assert math.isnan(metric_values(lost)[TRAINING])


def test_a_run_without_log_and_scores_has_no_metrics() -> None:
    assert {} == metric_values(replace(run(0, 0.25), log=(), scores=()))


def test_losses_are_better_lower_and_accuracies_higher() -> None:
    assert ["lower", "higher", "lower"] == [direction(name) for name in (LOSS, ACCURACY, TRAINING)]


def test_every_metric_of_every_recipe_has_a_direction() -> None:
    names = [
        name for recipe in RECIPES.values() for scale in ("subset", "full") for name in metric_names(recipe, scale)
    ]

    assert {"lower", "higher"} == {direction(name) for name in names}


@pytest.mark.parametrize("scale", ["subset", "full"])
def test_a_session_counts_the_metrics_of_all_recipes(scale: str) -> None:
    assert sum(len(metric_names(recipe, scale)) for recipe in RECIPES.values()) == metrics_in_session(scale)


def test_runs_without_a_metric_are_left_out() -> None:
    runs = [run(4, 0.25), replace(run(5, 0.5), scores=())]

    assert {4: 0.25} == values_by_seed(runs, LOSS)
