"""Reads and writes `param.hdf5`: the weights of a recipe in the Keras 2 layout."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files import atomic
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import LayerSpec, Weights, lay_out
from mnist_repro.weights import hdf5
from mnist_repro.weights.layout import finite_weights, store, stored_layers
from mnist_repro.weights.matching import LayerShapes, difference, fitting, shapes_of
from mnist_repro.weights.model_h5 import holds_whole_model

# Our own root attribute; Keras ignores it.
RECIPE_ATTRIBUTE = "mnist_repro_recipe"


def write(path: Path, recipe: Recipe, weights: Weights) -> None:
    """Write the weights of ``recipe`` so that TensorFlow 2.2.0, tf_keras and Keras 3 load them with `load_weights`.

    The same weights give the same bytes with the same h5py, in every process and folder.

    Args:
        path: the file. An error leaves no part of it.
        recipe: recipe of the weights.
        weights: float32, in the order of `lay_out`.

    Raises:
        ValueError: number, shape or type of the weights differs from the recipe.
        BadInput: the file cannot be written.
    """
    layers = lay_out(recipe.layers, recipe.input_shape)
    _require_own(recipe, layers, weights)
    # Made in memory, because HDF5 reports a full disk late or not at all.
    with hdf5.library().File("param.hdf5", "w", driver="core", backing_store=False, libver="earliest") as root:
        store(root, layers, weights)
        root.attrs[RECIPE_ATTRIBUTE] = np.bytes_(recipe.name.encode("utf-8"))
        root.flush()
        image = root.id.get_file_image()
    with atomic.replacing(path) as temporary:
        temporary.write_bytes(image)


def read(path: Path, recipe: Recipe) -> Weights:
    """The weights in a file from us or from Keras, float32, in the order of the recipe's layers.

    Like Keras, this matches layers by order and shape and not by name: Keras numbers all layers of a process.

    Raises:
        BadInput: the file cannot be read, is no weights file in the Keras 2 layout, belongs to another recipe, or has
            a number that is not finite.
    """
    layers = lay_out(recipe.layers, recipe.input_shape)
    with hdf5.opened(path) as root:
        _require_weights_alone(root, path)
        stored = stored_layers(root, path)
        found = shapes_of(stored)
        differs = difference(shapes_of(layers), found)
        if differs:
            raise BadInput(
                f"{path} does not hold the weights of {recipe.name}: {differs.found}",
                f"{recipe.name} has {differs.expected}",
                _fix_for(recipe, fitting(found)),
            )
        return finite_weights(stored, layers, path)


def identify(path: Path, recipe_name: Optional[str] = None) -> Recipe:
    """The recipe of weights: the one the caller names, else the one the file names, else the one whose shapes fit.

    Raises:
        BadInput: there is no such recipe, or the file cannot be read, or fits no recipe or several.
    """
    named = None if recipe_name is None else find(recipe_name)
    with hdf5.opened(path) as root:
        _require_weights_alone(root, path)
        written_for = hdf5.text(root, RECIPE_ATTRIBUTE)
        found = shapes_of(stored_layers(root, path))
    if named is not None and written_for in RECIPES and written_for != named.name:
        raise BadInput(
            f"{path} holds the weights of {hdf5.shown(str(written_for))}, not of {named.name}",
            "the file names its recipe",
            "leave --recipe out, or name another file",
        )
    if named is not None:
        return named
    if written_for is not None and written_for in RECIPES:
        return RECIPES[written_for]
    if written_for is not None:
        raise BadInput(
            f"{path} was written for recipe {hdf5.shown(written_for)}",
            f"the recipes are {', '.join(RECIPES)}",
            f"--recipe {(*fitting(found), *RECIPES)[0]}",
        )
    return RECIPES[_only_one(path, found, fitting(found))]


def _require_own(recipe: Recipe, layers: Sequence[LayerSpec], weights: Weights) -> None:
    expected = [[weight.shape for weight in spec.weights] for spec in layers]
    if [[array.shape for array in held] for held in weights] != expected:
        raise ValueError(f"these are not the weights of {recipe.name}")
    if any(array.dtype != np.float32 for held in weights for array in held):
        raise ValueError("weights are float32")


def _require_weights_alone(root: Any, path: Path) -> None:
    """Refuse other kinds of HDF5 files that versions of Keras write."""
    if holds_whole_model(root):
        weights = path.with_name("param.hdf5")
        alone = f", or: mnist-repro estimate {shlex.quote(str(weights))}" if weights.exists() else ""
        raise BadInput(
            f"{path} is a whole-model file: it holds an architecture beside the weights",
            "weights alone are expected, as in param.hdf5",
            f"mnist-repro predict {shlex.quote(str(path))}, which takes whole models{alone}",
        )
    if hdf5.texts(root, "layer_names") is None and "layers" in root:
        raise BadInput(
            f"{path} is in the layout of Keras 3 (.weights.h5)",
            "weights in the Keras 2 layout are expected, as in param.hdf5",
            "save the model whole from Keras 3, model.save('model.h5'), and: mnist-repro predict model.h5",
        )


def _fix_for(recipe: Recipe, names: Sequence[str]) -> str:
    if names:
        return f"it fits {' and '.join(names)}: --recipe {' or --recipe '.join(names)}"
    return f"it fits no recipe; train again: mnist-repro train {recipe.name} --out DIR"


def _only_one(path: Path, found: Sequence[LayerShapes], names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    if names:
        raise BadInput(
            f"{path} does not say which recipe it is of, and its shapes fit {' and '.join(names)}",
            "one recipe is needed to build the model",
            f"--recipe {names[0]} (or {', '.join(names[1:])})",
        )
    raise BadInput(
        f"{path} fits no recipe: it holds {', '.join(map(str, found)) or 'no weights'}",
        f"the recipes are {', '.join(RECIPES)}",
        f"--recipe {next(iter(RECIPES))} says what differs from that one",
    )
