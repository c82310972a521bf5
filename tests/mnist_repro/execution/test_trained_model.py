"""A model is found in a run folder, in a file of weights and in a whole-model file, with its recipe."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_repro import cli
from mnist_repro.execution.trained_model import Located, locate_weights, scorer, train_command
from mnist_repro.recipes import find, outside
from mnist_repro.runs import run_json
from mnist_repro.training import framework
from tests.builders import made_up
from tests.builders.refused import refused
from tests.builders.weights_files import some_weights, written


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder of wheel-softmax at the subset scale."""
    folder = tmp_path / "run"
    written(folder, "wheel-softmax")
    run_json.write(made_up.run("wheel-softmax", 0, made_up.score(3, 0.5, 0.9), scale="subset"), folder)
    return folder


def test_a_run_folder_says_recipe_and_scale(run: Path) -> None:
    expected = Located(run / "param.hdf5", find("wheel-softmax"), "subset")

    assert expected == locate_weights(run, None) == locate_weights(run, "wheel-softmax")


def test_a_file_and_a_folder_without_a_run_are_known_by_the_weights(tmp_path: Path) -> None:
    file = written(tmp_path, "vgg7")

    assert Located(file, find("vgg7"), "full") == locate_weights(file, None) == locate_weights(tmp_path, None)


def test_a_folder_without_weights_or_with_those_of_another_recipe(run: Path, tmp_path: Path) -> None:
    what, _, fix = refused(lambda: locate_weights(tmp_path, None), DIR=tmp_path)
    assert ("DIR has no param.hdf5", "name the folder of a run; or mnist-repro train RECIPE --out DIR") == (what, fix)
    assert "DIR is a run of wheel-softmax, not of vgg7" == refused(lambda: locate_weights(run, "vgg7"), DIR=run)[0]
    assert "unknown recipe 'vgg8'" == refused(lambda: locate_weights(run, "vgg8"))[0]


def test_weights_that_are_missing_are_trained_again_as_the_run_was(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my run"
    shutil.copytree(str(run), str(folder))
    (folder / "param.hdf5").unlink()
    kept = run_json.read(folder)
    words = shlex.split(refused(lambda: locate_weights(folder, None))[2])
    assert "--recipes" not in words

    asked = cli.parser().parse_args(words[1:])
    assert ("mnist-repro", "train", str(folder)) == (words[0], words[1], str(asked.out))
    again = (asked.recipe, asked.seed, asked.scale, asked.arithmetic)
    assert (kept.recipe, kept.seed, kept.scale, kept.arithmetic) == again


def test_data_without_a_name_are_named_by_their_folder_to_train_again(tmp_path: Path) -> None:
    made = made_up.run("vgg7", 0, made_up.score(10, 0.5, 0.9))
    own = {"name": "unrecognised", "sha256": "0123", "source": str(tmp_path)}

    assert train_command(replace(made, dataset=own), tmp_path).endswith(f" --data {shlex.quote(str(tmp_path))}")


def test_the_file_of_a_recipe_of_ones_own_is_in_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(outside.VARIABLE, str(tmp_path / "my recipes.py"))
    mine = replace(made_up.run("vgg7", 0, made_up.score(10, 0.5, 0.9)), recipe="mine; too")

    command = train_command(mine, tmp_path)

    assert "mine; too" == shlex.split(command)[2]
    assert f" --recipes '{tmp_path}/my recipes.py' " in command


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")
def test_weights_and_a_whole_model_score_alike(tmp_path: Path) -> None:
    recipe = find("vgg7-bn")
    weights, whole = written(tmp_path, "vgg7-bn"), tmp_path / "model.h5"
    model = framework.build(recipe)
    framework.set_weights(model, some_weights(recipe))
    framework.save_model(model, whole)
    images = np.random.RandomState(0).randint(0, 256, (3, 28, 28)).astype(np.uint8)
    (of_weights, first), (of_whole, second) = scorer(weights, None), scorer(whole, None)

    assert (Located(weights, recipe), Located(whole, recipe)) == (of_weights, of_whole)
    assert first(images).tobytes() == second(images).tobytes()
    assert (3, 10) == first(images).shape
