"""`model.h5`: a whole model that Keras saved, read as values before Keras sees it, or instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

from mnist_repro import hdf5
from mnist_repro.architecture import Architecture, UnknownModelError, parse
from mnist_repro.errors import BadInput
from mnist_repro.framework import Weights
from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.layers import Layer, LayerSpec, lay_out
from mnist_repro.weights_layout import finite_arrays, found_shapes, stored_layers
from mnist_repro.weights_matching import difference, expected_shapes


@dataclass(frozen=True, eq=False)
class WholeModel:
    """A model that a file holds whole.

    Args:
        input_shape: of one image as the model takes it.
        layers: from input to output; their initialisers are our defaults, as the file's have done their work.
        weights: float32, in the order of `lay_out`.
    """

    input_shape: Tuple[int, ...]
    layers: Tuple[Layer, ...]
    weights: Weights

    @property
    def recipes(self) -> Tuple[str, ...]:
        """The names of the recipes whose models have this input and these layers."""
        return tuple(
            recipe.name
            for recipe in RECIPES.values()
            if recipe.input_shape == self.input_shape and _computing(recipe.layers) == _computing(self.layers)
        )


def is_whole_model(path: Path) -> bool:
    """Whether an HDF5 file is meant to hold a whole model; it may still not be one that `require_whole_model` takes.

    Raises:
        BadInput: a file that cannot be read as HDF5.
    """
    with hdf5.opened(path) as root:
        return holds_whole_model(root)


def holds_whole_model(root: Any) -> bool:
    """The same of the root group of an open file."""
    return "model_config" in root.attrs or "model_weights" in root


def require_whole_model(path: Path) -> WholeModel:
    """The model in a whole-model file of Keras 2 or 3, made of our layers only, each with its weights.

    What passes is safe to give to Keras' own `load_model`: nothing in it names code.

    Raises:
        BadInput: a file that cannot be read, holds weights alone, holds layers or settings that we do not know
            (Lambda among them), or weights that are not those of its layers or not finite.
    """
    with hdf5.opened(path) as root:
        description = hdf5.text(root, "model_config")
        group = hdf5.child(root, "model_weights", path)
        if description is None or not isinstance(group, hdf5.library().Group):
            raise _not_whole(path, root)
        architecture, specs = _understood(path, description)
        stored = [layer for layer in stored_layers(group, path) if layer.weights]
        differs = difference(expected_shapes(specs), found_shapes(stored))
        if differs:
            raise BadInput(
                f"{path} describes one model and holds the weights of another: {differs.found}",
                f"the model described has {differs.expected}",
                hdf5.AGAIN,
            )
        arrays = iter(finite_arrays(stored, path))
        weights = tuple(next(arrays) if spec.weights else () for spec in specs)
    return WholeModel(architecture.input_shape, architecture.layers, weights)


def _computing(layers: Tuple[Layer, ...]) -> List[Tuple[str, Dict[str, Any]]]:
    """What the layers compute, whatever their weights started from."""
    starts = ("kernel", "bias")
    return [
        (layer.keras_name, {name: value for name, value in vars(layer).items() if name not in starts})
        for layer in layers
    ]


def _understood(path: Path, description: str) -> Tuple[Architecture, Tuple[LayerSpec, ...]]:
    try:
        architecture = parse(description)
        return architecture, lay_out(architecture.layers, architecture.input_shape)
    except UnknownModelError as foreign:
        raise BadInput(f"{path} holds {foreign.found}", foreign.expected, _ONLY_OURS) from foreign
    except LookupError as error:
        raise BadInput(
            f"{path} holds layers that do not fit one another", "images go in, one row of numbers comes out", _ONLY_OURS
        ) from error


_ONLY_OURS = "name a model of one of the recipes: mnist-repro train RECIPE --out DIR writes DIR/model.h5"


def _not_whole(path: Path, root: Any) -> BadInput:
    if "layer_names" in root.attrs:
        return BadInput(
            f"{path} holds weights alone",
            "a whole model is expected, with its architecture, as in model.h5",
            f"mnist-repro estimate {path}, which takes weights, or name {path.parent}/model.h5",
        )
    return BadInput(
        f"{path} is an HDF5 file without a model: it lacks the attribute model_config or the group model_weights",
        "a whole model that Keras saved is expected, as in model.h5",
        _ONLY_OURS,
    )
