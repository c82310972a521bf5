"""Files of weights, as we write them and as somebody has edited them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List

from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.layers import Weights, lay_out
from mnist_repro.training.seeds import initial_weights
from mnist_repro.weights import hdf5, param_hdf5

AGAIN = "copy it again, or train again: mnist-repro train RECIPE --out DIR"


def some_weights(recipe: Recipe, seed: int = 0) -> Weights:
    return initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), seed)


def written(folder: Path, name: str) -> Path:
    """A `param.hdf5` of the recipe with this name."""
    path = folder / "param.hdf5"
    param_hdf5.write(path, find(name), some_weights(find(name)))
    return path


def edited(path: Path, edit: Callable[[Any], object]) -> Path:
    with hdf5.library().File(str(path), "r+") as root:
        edit(root)
    return path


def as_bytes(values: Weights) -> List[List[bytes]]:
    return [[array.tobytes() for array in layer] for layer in values]
