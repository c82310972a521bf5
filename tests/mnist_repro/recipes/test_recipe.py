"""A recipe is one value that is found by its name and cannot be changed, and its scales make sense."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from mnist_repro.recipes import OWN, RECIPES, find
from mnist_repro.recipes.recipe import SCALES, Epochs, Scale
from tests.builders.refused import refused


def test_every_published_figure_belongs_to_a_score_of_the_full_budget() -> None:
    for recipe in RECIPES.values():
        assert recipe.full.scored_after == tuple(published.after for published in recipe.published)


def test_an_unknown_recipe_is_told_the_nearest_and_one_unlike_all_others_what_there_is() -> None:
    what, why, fix = refused(lambda: find("weel-softmax"))
    assert ("unknown recipe 'weel-softmax'", f"type wheel-softmax in its place; {OWN}") == (what, fix)
    assert all(name in why for name in RECIPES)
    assert f"type {next(iter(RECIPES))} in its place; {OWN}" == refused(lambda: find(""))[2]


def test_a_recipe_is_found_by_its_name_and_cannot_be_changed() -> None:
    assert list(RECIPES) == [find(name).name for name in RECIPES]
    with pytest.raises(FrozenInstanceError):
        find("vgg7").batch_size = 256  # type: ignore[misc]


def test_a_score_that_does_not_close_the_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="the last score belongs to the end of the budget"):
        Scale(100, 0, 10, Epochs(3), scored_after=(2,))
    with pytest.raises(ValueError, match="scores must ascend"):
        Scale(100, 0, 10, Epochs(3), scored_after=(2, 2, 3))


def test_a_recipe_has_a_name_for_its_folders_and_batches_of_images() -> None:
    for name in ("", "../mine", "a/b", "two words"):
        with pytest.raises(ValueError, match="is no name of a recipe"):
            replace(find("vgg7"), name=name)
    with pytest.raises(ValueError, match="trains nothing"):
        replace(find("vgg7"), batch_size=0)


@pytest.mark.parametrize("scale", SCALES)
def test_scales_are_found_by_name(scale: str) -> None:
    recipe = find("tf-cnn")
    assert {"full": recipe.full, "subset": recipe.subset}[scale] == recipe.scale(scale)
