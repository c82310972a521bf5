"""What is compared of a run: the same names from the recipe as from a run of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import List

import pytest

from mnist_repro.recipes import RECIPES, find
from mnist_repro.runs.log import Line
from mnist_repro.runs.metrics import direction, is_share, metric_names, metric_values
from mnist_repro.runs.run_json import read
from tests.builders.made_up_baselines import ACCURACY, LOSS, TRAINING, run, values
from tests.builders.reproduced import Reproduced


@pytest.mark.parametrize("name", ["wheel-softmax", "tf-softmax", "vgg7-bn"])
def test_real_runs_have_the_metrics_of_their_recipe(name: str, reproduced: Reproduced) -> None:
    assert set(metric_names(find(name), "subset")) == set(metric_values(read(reproduced.folder(name))))


@pytest.mark.parametrize(
    ("recipe", "scores", "end"),
    [("vgg7", ["3 epochs", "10 epochs"], "10 epochs"), ("tf-softmax", ["1,000 steps"], "1,000 steps")],
)
def test_each_score_of_a_recipe_counts_and_the_end_of_its_training(recipe: str, scores: List[str], end: str) -> None:
    tested = [f"test_{kind} after {score}" for score in scores for kind in ("loss", "accuracy")]

    assert (*tested, f"training_loss after {end}") == metric_names(find(recipe), "full")


def test_a_run_gives_its_values_and_nan_for_a_loss_that_was_lost() -> None:
    whole = run(0, 0.25)

    assert values(0.25) == metric_values(whole)
    assert math.isnan(metric_values(replace(whole, log=(Line(after=3),)))[TRAINING])
    assert {} == metric_values(replace(whole, log=(), scores=()))


def test_losses_are_better_lower_and_accuracies_higher() -> None:
    assert ["lower", "higher", "lower"] == [direction(name) for name in (LOSS, ACCURACY, TRAINING)]


def test_every_metric_of_every_recipe_has_a_direction() -> None:
    names = [
        name for recipe in RECIPES.values() for scale in ("subset", "full") for name in metric_names(recipe, scale)
    ]

    assert {"lower", "higher"} == {direction(name) for name in names}


def test_an_accuracy_is_a_share_of_images_and_a_loss_is_not() -> None:
    assert [False, True, False] == [is_share(name) for name in (LOSS, ACCURACY, TRAINING)]
