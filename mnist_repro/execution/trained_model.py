"""Loads a model that scores images from a run folder, a `param.hdf5` or a `model.h5`."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.execution.components import own_data
from mnist_repro.recipes import OURS, Recipe, find, outside
from mnist_repro.runs import run_json
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import WEIGHTS
from mnist_repro.training import framework
from mnist_repro.weights import model_h5, param_hdf5


@dataclass(frozen=True)
class Located:
    """A file of weights or a whole model, and its recipe.

    Args:
        file: a `param.hdf5` or a whole-model file.
        recipe: recipe of the model.
        scale: scale of the run, if a run folder names it.
    """

    file: Path
    recipe: Recipe
    scale: str = "full"


def locate_weights(path: Path, recipe: Optional[str]) -> Located:
    """The `param.hdf5` at ``path``, which is a run folder or the file itself.

    Raises:
        BadInput: the file does not exist, or its recipe is not clear.
    """
    if not path.is_dir():
        return Located(path, param_hdf5.identify(path, recipe))
    file = path / WEIGHTS
    if not file.exists():
        raise BadInput(
            f"{path} has no {WEIGHTS}",
            "a run folder has the weights that `train` left there",
            _train(path),
        )
    if not (path / run_json.FILE).exists():
        return Located(file, param_hdf5.identify(file, recipe))
    run = run_json.read(path)
    if recipe is not None and find(recipe).name != run.recipe:
        raise BadInput(
            f"{path} is a run of {run.recipe}, not of {recipe}",
            f"its {run_json.FILE} says so",
            "leave --recipe out, or name another folder",
        )
    return Located(file, find(run.recipe), run.scale)


def _train(folder: Path) -> str:
    """The command that leaves weights in a folder, of the same kind as a run that is there."""
    if (folder / run_json.FILE).exists():
        with contextlib.suppress(BadInput):
            return train_command(run_json.read(folder), folder)
    return f"name the folder of a run; or mnist-repro train RECIPE --out {shlex.quote(str(folder))}"


def train_command(run: Run, folder: Path) -> str:
    """The command that makes a run again in its folder."""
    kind = f"--seed {run.seed} --scale {run.scale} --arithmetic {run.arithmetic}"
    kind += "" if run.recipe in OURS else outside.option()
    data = "" if run.dataset["name"] == "mnist" else f" --data {own_data(run.dataset)}"
    return f"mnist-repro train {shlex.quote(run.recipe)} {kind} --out {shlex.quote(str(folder))}{data}"


def restored(path: Path, recipe: Optional[str]) -> tuple[Located, Any]:
    """The file and recipe of a model, and a new Keras model with the weights in the file.

    The path is that of a run folder, a `param.hdf5`, or a whole-model file. The recipe is needed if the file does not
    name it.

    Raises:
        BadInput: the file does not exist, or is neither weights nor a model of a recipe.
    """
    if path.is_dir() or not model_h5.is_whole_model(path):
        located = locate_weights(path, recipe)
        arrays = param_hdf5.read(located.file, located.recipe)
    else:
        model_recipe, arrays = model_h5.read_whole_model(path, recipe)
        located = Located(path, model_recipe)
    model = framework.build(located.recipe)
    framework.set_weights(model, arrays)
    return located, model


def scorer(path: Path, recipe: Optional[str]) -> tuple[Located, Callable[[np.ndarray], np.ndarray]]:
    """As `restored`, but the model as a function from images, uint8 (n, 28, 28), to logits, float32 (n, 10)."""
    located, model = restored(path, recipe)
    return located, framework.scorer(model, located.recipe.input_shape)
