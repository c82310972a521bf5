"""What a source says of its training, in the words of a source, to hold against a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from mnist_repro.recipes.layers import Layer, lay_out, parameter_count
from mnist_repro.recipes.optimizers import Optimizer
from mnist_repro.recipes.recipe import Budget, Recipe


@dataclass(frozen=True)
class Facts:
    """What was trained, how, and what came of it.

    Args:
        images: for training, validation and test.
        figures: (epochs or steps, test loss, test accuracy).
    """

    layers: Tuple[Layer, ...]
    parameters: int
    images: Tuple[int, int, int]
    optimizer: Optimizer
    batch_size: int
    budget: Budget
    figures: Tuple[Tuple[int, Optional[float], Optional[float]], ...]


def facts(recipe: Recipe) -> Facts:
    full = recipe.full
    return Facts(
        recipe.layers,
        parameter_count(lay_out(recipe.layers, recipe.input_shape)),
        (full.training_images, full.validation_images, full.test_images),
        recipe.optimizer,
        recipe.batch_size,
        full.budget,
        tuple((each.after, each.test.get("loss"), each.test.get("accuracy")) for each in recipe.published),
    )
