"""A whole-model file gives its recipe and its weights without Keras, and is refused when it is no recipe's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np
import pytest

from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.layers import lay_out
from mnist_repro.training import framework
from mnist_repro.training.seeds import initial_weights
from mnist_repro.weights import hdf5, model_h5
from tests.builders.refused import refused
from tests.builders.weights_files import AGAIN, written

# TensorFlow 2.2 uses names that NumPy has since deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")

Description = Dict[str, Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the whole models of all recipes, saved by this environment's Keras."""
    folder = tmp_path_factory.mktemp("models")
    for recipe in RECIPES.values():
        model = framework.build(recipe)
        framework.set_weights(model, initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), seed=3))
        framework.save_model(model, folder / f"{recipe.name}.h5")
    return folder


def described_as(description: str, saved: Path, name: str, folder: Path) -> Path:
    """A copy of a saved model with another description."""
    path = folder / "model.h5"
    path.write_bytes((saved / f"{name}.h5").read_bytes())
    with hdf5.library().File(str(path), "r+") as root:
        root.attrs["model_config"] = np.bytes_(description.encode())
    return path


def described_otherwise(saved: Path, name: str, folder: Path, edit: Callable[[Description], object]) -> Path:
    """A copy of a saved model whose description has been edited."""
    with hdf5.opened(saved / f"{name}.h5") as root:
        description = json.loads(hdf5.text(root, "model_config") or "")
    edit(description)
    return described_as(json.dumps(description), saved, name, folder)


def refusal(path: Path, recipe: Optional[str] = None) -> Tuple[str, str, str]:
    return refused(lambda: model_h5.read_whole_model(path, recipe), PATH=path)


@pytest.mark.parametrize("name", RECIPES)
def test_saved_models_are_taken_with_their_weights(name: str, saved: Path) -> None:
    recipe, arrays = model_h5.read_whole_model(saved / f"{name}.h5")
    expected = initial_weights(name, lay_out(recipe.layers, recipe.input_shape), seed=3)

    assert name == recipe.name
    assert [[array.tobytes() for array in layer] for layer in expected] == [
        [array.tobytes() for array in layer] for layer in arrays
    ]


def renamed(description: Description) -> None:
    description["config"]["name"] = "sequential_3"


def test_a_model_by_another_name_is_known_by_its_layers(saved: Path, tmp_path: Path) -> None:
    assert "vgg7" == model_h5.read_whole_model(described_otherwise(saved, "vgg7", tmp_path, renamed))[0].name


def test_of_the_softmax_recipes_which_have_one_model_the_one_asked_for_is_taken(saved: Path, tmp_path: Path) -> None:
    path = described_otherwise(saved, "tf-softmax", tmp_path, renamed)

    assert "wheel-softmax" == model_h5.read_whole_model(saved / "tf-softmax.h5", "wheel-softmax")[0].name
    assert "wheel-softmax" == model_h5.read_whole_model(path, "wheel-softmax")[0].name
    assert ("PATH: its model is called 'sequential-3'", "--recipe wheel-softmax") == refusal(path)[::2]


def test_a_model_of_another_recipe_than_the_one_asked_for(saved: Path) -> None:
    assert ("PATH is not a model of vgg7", "--recipe vgg7-bn") == refusal(saved / "vgg7-bn.h5", "vgg7")[::2]


def test_whole_models_and_weights_are_told_apart(saved: Path, tmp_path: Path) -> None:
    alone = written(tmp_path, "tf-softmax")
    with hdf5.library().File(str(tmp_path / "neither.h5"), "w") as root:
        root["x_train"] = np.zeros(3)

    assert (True, False) == (model_h5.is_whole_model(saved / "vgg7.h5"), model_h5.is_whole_model(alone))
    what, _, fix = refusal(alone)
    assert ("PATH holds weights alone", "mnist-repro estimate PATH, which takes weights") == (what, fix)
    assert refusal(tmp_path / "neither.h5")[0].startswith("PATH is an HDF5 file without a model: ")


def test_code_in_a_lambda_layer_that_keras_itself_saved_does_not_run(tmp_path: Path) -> None:
    keras = framework.tensorflow().keras
    layers = [keras.Input((784,)), keras.layers.Lambda(lambda values: values + 1), keras.layers.Dense(10)]
    path = tmp_path / "model.h5"
    framework.save_model(keras.Sequential(layers, name="foreign"), path)

    assert "PATH: its model is called 'foreign', and fits no recipe" == refusal(path)[0]
    assert "PATH is not a model of tf-softmax: its layer 1 is 'Lambda'" == refusal(path, "tf-softmax")[0]


def test_truncated_file(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    content = (saved / "vgg7.h5").read_bytes()
    path.write_bytes(content[:-1000])

    assert f"PATH is truncated or damaged: {len(content) - 1000:,} bytes" == refusal(path)[0]


def layer(description: Description, number: int) -> Description:
    found: Description = description["config"]["layers"][number]
    return found


def setting(number: int, name: str, value: Any) -> Callable[[Description], None]:
    """An edit of one setting of one layer; layer 1 of vgg7-bn is a Conv2D, 3 a pool, 4 a normalisation, -1 Dense."""
    return lambda description: layer(description, number)["config"].update({name: value})


def last_is(class_name: object) -> Callable[[Description], None]:
    return lambda description: layer(description, -1).update(class_name=class_name)


@pytest.mark.parametrize(
    ("edit", "found", "expected"),
    [
        (last_is("Lambda"), "layer 13 is 'Lambda'", "Dense"),
        (last_is(["Dense"]), "layer 13 is \"['Dense']\"", "Dense"),
        (last_is("Functional"), "layer 13 is 'Functional'", "Dense"),
        (lambda description: description["config"]["layers"].pop(), "layer 13 is 'nothing'", "Dense"),
        (
            lambda description: description["config"]["layers"].append(layer(description, -1)),
            *("layer 14 is 'Dense'", "nothing"),
        ),
        (setting(1, "activation", "tanh"), "layer 1, Conv2D, has activation 'tanh'", "relu"),
        (setting(-1, "activation", {"a": "f"}), "layer 13, Dense, has activation \"{'a': 'f'}\"", "softmax"),
        (setting(1, "strides", [2, 2]), "layer 1, Conv2D, has strides '[2, 2]'", "[1, 1]"),
        (setting(1, "padding", "valid"), "layer 1, Conv2D, has padding 'valid'", "same"),
        (setting(1, "dilation_rate", [2, 2]), "layer 1, Conv2D, has dilation_rate '[2, 2]'", "[1, 1]"),
        (setting(1, "data_format", "first"), "layer 1, Conv2D, has data_format 'first'", "channels_last"),
        (setting(3, "strides", [1, 1]), "layer 3, MaxPooling2D, has strides '[1, 1]'", "[2, 2]"),
        (setting(3, "pool_size", [3, 3]), "layer 3, MaxPooling2D, has pool_size '[3, 3]'", "[2, 2]"),
        (setting(4, "epsilon", 1e-5), "layer 4, BatchNormalization, has epsilon '1e-05'", "0.001"),
    ],
)
def test_edited_description(
    edit: Callable[[Description], object], found: str, expected: str, saved: Path, tmp_path: Path
) -> None:
    what, why, _ = refusal(described_otherwise(saved, "vgg7-bn", tmp_path, edit))

    assert (f"PATH is not a model of vgg7-bn: its {found}", f"vgg7-bn has {expected} there") == (what, why)


def test_the_weights_of_another_model_than_the_description(saved: Path, tmp_path: Path) -> None:
    path = described_otherwise(saved, "keras-cnn", tmp_path, lambda description: None)
    with hdf5.library().File(str(path), "r+") as root:
        group = next(iter(root["model_weights/dense"].values()))
        (kernel,) = (name for name in _datasets(group) if "kernel" in name)
        del group[kernel]
        group[kernel] = np.zeros((9216, 129), np.float32)

    what = "PATH is not a model of keras-cnn: its layer 3 with weights is dense (9216×129, 128)"
    assert what == refusal(path)[0]


def test_weights_that_are_links_or_not_finite(saved: Path, tmp_path: Path) -> None:
    path = described_otherwise(saved, "vgg7", tmp_path, lambda description: None)
    with hdf5.library().File(str(path), "r+") as root:
        held = next(iter(root["model_weights/dense"].values()))
        bias = next(name for name in _datasets(held) if "bias" in name)
        held[bias][0] = np.inf
    infinite = refusal(path)[0]
    with hdf5.library().File(str(path), "r+") as root:
        del root["model_weights/dense"]
        root["model_weights/dense"] = hdf5.library().ExternalLink("/etc/passwd", "/")

    assert infinite.startswith("PATH holds inf in layer 'dense', weight '")
    assert "PATH: 'dense' in /model_weights is a link (ExternalLink)" == refusal(path)[0]


def _datasets(group: Any) -> Tuple[str, ...]:
    return tuple(name for name, child in group.items() if isinstance(child, hdf5.library().Dataset))


@pytest.mark.parametrize(
    "description",
    [
        "{",
        "[" * 60_000,
        "[]",
        "null",
        '{"config": "x"}',
        '{"config": {"name": "x", "layers": [{"class_name": "Dense"}]}}',
        '{"config": [{"class_name": "Dense", "config": 3}]}',
    ],
    ids=["cut off", "too deep", "a list", "null", "text", "no settings", "settings are a number"],
)
def test_descriptions_that_are_none(description: str, saved: Path, tmp_path: Path) -> None:
    what, why, fix = refusal(described_as(description, saved, "tf-softmax", tmp_path))

    assert ("PATH describes its model in a way that makes no sense", AGAIN) == (what, fix)
    # Python's own words follow.
    assert why.startswith("Keras describes each layer in JSON, in full: ")


def test_the_sequential_of_keras_2_1_is_understood(saved: Path, tmp_path: Path) -> None:
    dense = {"name": "dense_1", "batch_input_shape": [None, 784], "units": 10, "activation": "softmax"}
    description = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": dense}]}
    path = described_as(json.dumps(description), saved, "tf-softmax", tmp_path)

    assert "tf-softmax" == model_h5.read_whole_model(path, "tf-softmax")[0].name
