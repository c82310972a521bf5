"""A budget is walked step by step to its end, and stops where its source printed or was scored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.recipe import Epochs, Scale, Steps
from mnist_repro.training.batches import Segment, segments, steps_per_epoch, total_steps

# By recipe: steps, and images in the last batch of an epoch, of the full and of the subset scale.
BUDGETS = {
    "wheel-softmax": [(9_380, 96), (237, 16)],
    "keras-cnn": [(469, 96), (40, 68)],
    "tf-softmax": [(1_000, 100), (200, 30)],
    "tf-cnn": [(2_000, 100), (60, 50)],
    "vgg7": [(1_180, 96), (50, 392)],
    "vgg7-bn": [(1_180, 96), (50, 392)],
}


def test_every_budget_takes_as_many_steps_and_leaves_as_many_images_as_it_should() -> None:
    assert BUDGETS == {
        name: [
            (total_steps(recipe, scale), (scale.training_images - 1) % recipe.batch_size + 1)
            for scale in (recipe.full, recipe.subset)
        ]
        for name, recipe in RECIPES.items()
    }


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_subset_crosses_an_epoch_end_and_an_incomplete_batch(recipe: Recipe) -> None:
    subset = recipe.subset
    assert subset.training_images % recipe.batch_size
    assert total_steps(recipe, subset) > steps_per_epoch(subset.training_images, recipe.batch_size)


@pytest.mark.parametrize(
    ("images", "batch_size", "steps"), [(1, 128, 1), (128, 128, 1), (129, 128, 2), (60_000, 128, 469)]
)
def test_an_epoch_has_the_full_batches_and_the_rest(images: int, batch_size: int, steps: int) -> None:
    assert steps == steps_per_epoch(images, batch_size)


def test_a_budget_in_epochs_is_reported_after_each() -> None:
    scale = Scale(300, 0, 1, Epochs(3), scored_after=(2, 3))
    found = list(segments(replace(find("wheel-softmax"), batch_size=128), scale))
    assert [Segment(0, 0, 3, 1, None), Segment(1, 0, 3, 2, 2), Segment(2, 0, 3, 3, 3)] == found


def test_a_budget_in_steps_stops_at_epoch_ends_reports_scores_and_its_own_end() -> None:
    scale = Scale(70, 0, 1, Steps(25, report_every=10), scored_after=(12, 25))
    expected = [
        Segment(0, 0, 7, None, None),
        Segment(1, 0, 3, 10, None),
        Segment(1, 3, 2, None, 12),
        Segment(1, 5, 2, None, None),
        Segment(2, 0, 6, 20, None),
        Segment(2, 6, 1, None, None),
        Segment(3, 0, 4, 25, 25),
    ]
    assert expected == list(segments(replace(find("tf-softmax"), batch_size=10), scale))
