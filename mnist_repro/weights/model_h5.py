"""Reads the recipe and the weights from `model.h5`, a whole model that Keras saved.

Keras never opens the file, because Keras could run code that is in it.
"""

from __future__ import annotations

import json
import shlex
from itertools import zip_longest
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import Layer, MaxPooling2D, Weights, lay_out
from mnist_repro.weights import hdf5
from mnist_repro.weights.layout import finite_weights, stored_layers
from mnist_repro.weights.matching import Difference, LayerShapes, difference, shapes_of

# Settings for which the recipes use Keras' defaults, and which the shapes of the weights do not show.
_DEFAULTS = {"data_format": "channels_last", "dilation_rate": [1, 1], "pool_size": [2, 2]}

# The class of a layer, and its settings, with Keras' names.
_Described = Tuple[str, Dict[str, Any]]

_ONLY_OURS = "name a model of one of the recipes: mnist-repro train RECIPE --out DIR writes DIR/model.h5"


def is_whole_model(path: Path) -> bool:
    """Whether an HDF5 file is marked as a whole model; `read_whole_model` may still refuse it.

    Raises:
        BadInput: the file cannot be read as HDF5.
    """
    with hdf5.opened(path) as root:
        return holds_whole_model(root)


def holds_whole_model(root: Any) -> bool:
    """Whether the root group of an open file is marked as a whole model."""
    return "model_config" in root.attrs or "model_weights" in root


def read_whole_model(path: Path, recipe_name: Optional[str] = None) -> Tuple[Recipe, Weights]:
    """The recipe of a model that Keras 2 or 3 saved, and its weights, float32, in the order of `lay_out`.

    Args:
        path: the file.
        recipe_name: the recipe, needed if the model's name is no recipe and several recipes fit.

    Raises:
        BadInput: the file cannot be read, holds only weights, holds a model of another recipe or of no recipe, or
            has a number that is not finite.
    """
    asked = None if recipe_name is None else find(recipe_name)
    with hdf5.opened(path) as root:
        description = hdf5.text(root, "model_config")
        group = hdf5.child(root, "model_weights", path)
        if description is None or not isinstance(group, hdf5.library().Group):
            raise _not_whole(path, root)
        name, layers = _described(path, description)
        stored = stored_layers(group, path)
        found = shapes_of(stored)
        differences = {each.name: _difference(each, layers, found) for each in RECIPES.values()}
        recipe = _chosen(path, name, asked, differences)
        return recipe, finite_weights(stored, lay_out(recipe.layers, recipe.input_shape), path)


def _described(path: Path, description: str) -> Tuple[str, List[_Described]]:
    """The name of a model, and its layers without the input layer, as Keras describes them."""
    try:
        config = json.loads(description)["config"]
        # Keras before 2.2.3 wrote the layers of a Sequential as a bare list.
        layers = config if isinstance(config, list) else config["layers"]
        name = "" if isinstance(config, list) else str(config["name"])
        return name, [
            (str(layer["class_name"]), dict(layer["config"])) for layer in layers if layer["class_name"] != "InputLayer"
        ]
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path} describes its model in a way that makes no sense",
            f"Keras describes each layer in JSON, in full: {error!r}",
            hdf5.AGAIN,
        ) from error


def _difference(recipe: Recipe, layers: Sequence[_Described], found: Sequence[LayerShapes]) -> Optional[Difference]:
    """The first difference between a model and the recipe, in layers, settings or weights; None if they are equal."""
    kinds = [kind for kind, _ in layers]
    expected = [type(layer).__name__ for layer in recipe.layers]
    for place, (kind, wanted) in enumerate(zip_longest(kinds, expected, fillvalue="nothing"), start=1):
        if kind != wanted:
            return Difference(f"its layer {place} is {hdf5.shown(kind)}", f"{wanted} there")
    for place, (layer, (kind, settings)) in enumerate(zip(recipe.layers, layers), start=1):
        for name, value in _settings(layer).items():
            setting = settings.get(name, value)
            if setting != value:
                return Difference(f"its layer {place}, {kind}, has {name} {hdf5.shown(str(setting))}", f"{value} there")
    return difference(shapes_of(lay_out(recipe.layers, recipe.input_shape)), found)


def _settings(layer: Layer) -> Dict[str, Any]:
    """The settings of a layer with Keras' names; settings that recipes do not have get Keras' defaults."""
    own = {name: value for name, value in vars(layer).items() if name not in ("kernel", "bias", "size")}
    return {**_DEFAULTS, "strides": [2, 2] if isinstance(layer, MaxPooling2D) else [1, 1], **own}


def _chosen(path: Path, name: str, asked: Optional[Recipe], differences: Mapping[str, Optional[Difference]]) -> Recipe:
    """The recipe that the user names, else the recipe that the model's name is made from, else the only one that fits.

    Keras stores the name of a model, which is the recipe's name with underscores.
    """
    fitting = [each for each, differs in differences.items() if differs is None]
    named = name.replace("_", "-")
    wanted = named if asked is None else asked.name
    if wanted in fitting:
        return find(wanted)
    if asked is None and len(fitting) == 1:
        return find(fitting[0])
    if fitting:
        what = f": its model is called {hdf5.shown(named)}" if asked is None else f" is not a model of {wanted}"
        raise BadInput(
            f"{path}{what}",
            f"its layers are those of {' and '.join(fitting)}",
            f"--recipe {fitting[0]}",
        )
    differs = differences.get(wanted)
    if differs is None:
        raise BadInput(
            f"{path}: its model is called {hdf5.shown(named)}, and fits no recipe",
            f"the recipes are {', '.join(differences)}",
            f"--recipe {next(iter(differences))} says what differs from that one",
        )
    raise BadInput(
        f"{path} is not a model of {wanted}: {differs.found}", f"{wanted} has {differs.expected}", _ONLY_OURS
    )


def _not_whole(path: Path, root: Any) -> BadInput:
    if "layer_names" in root.attrs and not holds_whole_model(root):
        return BadInput(
            f"{path} holds weights alone",
            "a whole model is expected, with its architecture, as in model.h5",
            f"mnist-repro estimate {shlex.quote(str(path))}, which takes weights",
        )
    return BadInput(
        f"{path} is an HDF5 file without a model: it lacks the attribute model_config or the group model_weights",
        "a whole model that Keras saved is expected, as in model.h5",
        _ONLY_OURS,
    )
