"""Recipes: the published trainings as values, found by name."""

from __future__ import annotations

import difflib

from mnist_repro.errors import BadInput
from mnist_repro.recipes.hello_world import VGG7, VGG7_BN
from mnist_repro.recipes.keras_example import KERAS_CNN
from mnist_repro.recipes.recipe import Recipe
from mnist_repro.recipes.tensorflow_tutorials import TF_CNN, TF_SOFTMAX
from mnist_repro.recipes.wheel import WHEEL_SOFTMAX

__all__ = ["RECIPES", "Recipe", "find"]

RECIPES = {recipe.name: recipe for recipe in (WHEEL_SOFTMAX, KERAS_CNN, TF_SOFTMAX, TF_CNN, VGG7, VGG7_BN)}


def find(name: str) -> Recipe:
    """The recipe with this name.

    Raises:
        BadInput: there is no such recipe; the message names the nearest name.
    """
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.4)
    raise BadInput(
        f"unknown recipe {name!r}",
        f"the recipes are {', '.join(RECIPES)}",
        f"type {near[0] if near else next(iter(RECIPES))} in its place",
    )
