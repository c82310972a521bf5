"""A whole-model file is taken as values, and refused before Keras sees it when it holds what we have no value for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy as np
import pytest

from mnist_repro import framework, hdf5, weights
from mnist_repro.architecture import UnknownModelError, parse
from mnist_repro.errors import BadInput
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.layers import lay_out
from mnist_repro.seeding import initial_weights

# TensorFlow 2.2 uses names that NumPy has since deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")

ONLY_OURS = "name a model of one of the recipes: mnist-repro train RECIPE --out DIR writes DIR/model.h5"
KNOWN = "the layers known here are InputLayer, Conv2D, MaxPooling2D, Dropout, BatchNormalization, Flatten, Dense"
CARRIERS = f"{KNOWN}; others may carry code that Keras would run"

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


def described_otherwise(saved: Path, name: str, folder: Path, edit: Callable[[Description], object]) -> Path:
    """A copy of a saved model whose description has been edited."""
    path = folder / "model.h5"
    path.write_bytes((saved / f"{name}.h5").read_bytes())
    with hdf5.library().File(str(path), "r+") as root:
        description = json.loads(hdf5.text(root, "model_config") or "")
        edit(description)
        root.attrs["model_config"] = np.bytes_(json.dumps(description).encode())
    return path


def refusal(path: Path) -> Tuple[str, str, str]:
    """The message of taking ``path`` for a whole model, with PATH for the path."""
    with pytest.raises(BadInput) as caught:
        weights.require_whole_model(path)
    what, why, fix = (part.replace(str(path), "PATH") for part in caught.value.args)
    return what, why, fix


@pytest.mark.parametrize("name", ["keras-cnn", "tf-cnn", "vgg7", "vgg7-bn"])
def test_saved_models_are_taken_with_their_weights(name: str, saved: Path) -> None:
    model = weights.require_whole_model(saved / f"{name}.h5")
    recipe = find(name)
    expected = initial_weights(name, lay_out(recipe.layers, recipe.input_shape), seed=3)

    assert (name,) == model.recipes
    assert [[array.tobytes() for array in layer] for layer in expected] == [
        [array.tobytes() for array in layer] for layer in model.weights
    ]


def test_the_softmax_recipes_have_one_model(saved: Path) -> None:
    assert ("wheel-softmax", "tf-softmax") == weights.require_whole_model(saved / "tf-softmax.h5").recipes


def test_whole_models_and_weights_are_told_apart(saved: Path, tmp_path: Path) -> None:
    recipe = find("vgg7")
    weights.write(tmp_path / "param.hdf5", recipe, initial_weights("vgg7", lay_out(recipe.layers, (28, 28, 1)), 0))

    assert (True, False) == (weights.is_whole_model(saved / "vgg7.h5"), weights.is_whole_model(tmp_path / "param.hdf5"))


def test_weights_where_a_whole_model_belongs(tmp_path: Path) -> None:
    recipe = find("tf-softmax")
    path = tmp_path / "param.hdf5"
    weights.write(path, recipe, initial_weights("tf-softmax", lay_out(recipe.layers, recipe.input_shape), 0))

    assert (
        "PATH holds weights alone",
        "a whole model is expected, with its architecture, as in model.h5",
        f"mnist-repro estimate PATH, which takes weights, or name {tmp_path}/model.h5",
    ) == refusal(path)


def test_a_file_with_neither(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with hdf5.library().File(str(path), "w") as root:
        root["x_train"] = np.zeros(3)

    assert (
        "PATH is an HDF5 file without a model: it lacks the attribute model_config or the group model_weights",
        "a whole model that Keras saved is expected, as in model.h5",
        ONLY_OURS,
    ) == refusal(path)


def test_a_lambda_layer_that_keras_itself_saved(tmp_path: Path) -> None:
    keras = framework.tensorflow().keras
    layers = [keras.Input((784,)), keras.layers.Lambda(lambda values: values + 1), keras.layers.Dense(10)]
    path = tmp_path / "model.h5"
    framework.save_model(keras.Sequential(layers), path)

    assert ("PATH holds a layer or object of class 'Lambda'", CARRIERS, ONLY_OURS) == refusal(path)


def test_truncated_file(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    content = (saved / "vgg7.h5").read_bytes()
    path.write_bytes(content[:-1000])

    assert f"PATH is truncated: {len(content) - 1000:,} bytes" == refusal(path)[0]


def layer(description: Description, number: int) -> Description:
    found: Description = description["config"]["layers"][number]
    return found


def setting(number: int, name: str, value: Any) -> Callable[[Description], None]:
    """An edit of one setting of one layer; layer 1 of vgg7-bn is a Conv2D, 3 a pool, 4 a normalisation, -1 Dense."""

    def edit(description: Description) -> None:
        layer(description, number)["config"][name] = value

    return edit


def entry(number: int, name: str, value: Any) -> Callable[[Description], None]:
    def edit(description: Description) -> None:
        layer(description, number)[name] = value

    return edit


def foreign_initializer(description: Description) -> None:
    layer(description, 1)["config"]["kernel_initializer"] = {"class_name": "system", "module": "os", "config": {}}


def foreign_module(description: Description) -> None:
    layer(description, -1)["module"] = "evil.layers"


def keras_lookalike(description: Description) -> None:
    layer(description, -1)["module"] = "kerasevil"


def registered(description: Description) -> None:
    layer(description, -1)["registered_name"] = "evil>Dense"


def drop_last_layer(description: Description) -> None:
    description["config"]["layers"].pop()


def output_in_the_middle(description: Description) -> None:
    description["config"]["output_layers"] = [["dense", 0, 0]]


def subclassed(description: Description) -> None:
    description["class_name"] = "Dense"


def whole_functional_inside(description: Description) -> None:
    layer(description, -1)["class_name"] = "Functional"


def no_units(description: Description) -> None:
    del layer(description, -1)["config"]["units"]


def more_units(description: Description) -> None:
    layer(description, -1)["config"]["units"] = 11


def flat_input(description: Description) -> None:
    first = layer(description, 0)["config"]
    first["batch_shape" if "batch_shape" in first else "batch_input_shape"] = [None, 784]


ROW = "each layer takes what the layer before it gives"
OWN = "Keras' own classes are expected"
ACTIVATIONS = "activation is one of relu, softmax, linear"
IN_FULL = "Keras describes each layer in full"
TENSOR = {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["dense_1", 0, 0]}}]}


@pytest.mark.parametrize(
    ("edit", "found", "expected"),
    [
        (entry(-1, "class_name", "Lambda"), "a layer or object of class 'Lambda'", CARRIERS),
        (entry(-1, "class_name", "TFOpLambda"), "a layer or object of class 'TFOpLambda'", CARRIERS),
        (entry(-1, "class_name", ["Dense"]), "a layer or object of class ['Dense']", CARRIERS),
        (entry(-1, "class_name", "Zeros"), "a 'Zeros' among the layers", KNOWN.replace("InputLayer, ", "")),
        (setting(1, "activation", "tanh"), "activation 'tanh'", ACTIVATIONS),
        (setting(1, "activation", {"class_name": "function"}), "a layer or object of class 'function'", CARRIERS),
        (setting(-1, "activation", {"config": "f"}), "activation {'config': 'f'}", ACTIVATIONS),
        (foreign_initializer, "a layer or object of class 'system'", CARRIERS),
        (foreign_module, "a Dense out of module 'evil.layers'", OWN),
        (keras_lookalike, "a Dense out of module 'kerasevil'", OWN),
        (registered, "a Dense registered as 'evil>Dense'", OWN),
        (setting(-1, "kernel_regularizer", "l2"), "a Dense with 'kernel_regularizer' 'l2'", "None is expected there"),
        (setting(-1, "use_bias", False), "a Dense with 'use_bias' False", "True is expected there"),
        (setting(1, "strides", [2, 2]), "a Conv2D with 'strides' [2, 2]", "[1, 1] is expected there"),
        (
            setting(1, "data_format", "channels_first"),
            "a Conv2D with 'data_format' 'channels_first'",
            "'channels_last'",
        ),
        (setting(1, "kernel_size", [2, 3]), "a window of [2, 3]", "windows are square"),
        (setting(3, "strides", [1, 1]), "a MaxPooling2D with 'strides' [1, 1]", "[2, 2] is expected there"),
        (setting(3, "padding", "reflect"), "padding 'reflect'", "padding is one of valid, same"),
        (setting(4, "axis", [1]), "a BatchNormalization with 'axis' [1]", "-1 is expected there"),
        (setting(4, "momentum", 2.0), "a description that makes no sense (ValueError('2.0 is no share'))", IN_FULL),
        (setting(-1, "dtype", "float16"), "a Dense of 'float16'", "float32 is expected"),
        (setting(-1, "units", -1), "a description that makes no sense (ValueError('-1 is no count'))", IN_FULL),
        (no_units, "a description that makes no sense (KeyError('units'))", IN_FULL),
        (entry(-1, "inbound_nodes", [[["flatten", 0, 0, {}]]]), "layers that are not in a row", ROW),
        (
            *(entry(-1, "inbound_nodes", [{**TENSOR, "kwargs": {"training": True}}]),),
            *("a layer called with [{'training': True}]", "layers are called with their input alone"),
        ),
        (output_in_the_middle, "layers that are not in a row", ROW),
        (drop_last_layer, "layers that are not in a row", ROW),
        (subclassed, "a model of class 'Dense'", "a model is one of Functional, Model, Sequential"),
        (whole_functional_inside, "a 'Functional' among the layers", KNOWN.replace("InputLayer, ", "")),
        (flat_input, "layers that do not fit one another", "images go in, one row of numbers comes out"),
    ],
)
def test_edited_description(
    edit: Callable[[Description], object], found: str, expected: str, saved: Path, tmp_path: Path
) -> None:
    refused = refusal(described_otherwise(saved, "vgg7-bn", tmp_path, edit))

    assert (f"PATH holds {found}", expected, ONLY_OURS) == (refused[0], refused[1][: len(expected)], refused[2])


def test_a_description_of_another_model_than_the_weights(saved: Path, tmp_path: Path) -> None:
    path = described_otherwise(saved, "vgg7", tmp_path, more_units)

    assert (
        "PATH describes one model and holds the weights of another: its layer 8 with weights is dense_2 (256×10, 10)",
        "the model described has dense_2 (256×11, 11) there",
        "copy it again, or train again: mnist-repro train RECIPE --out DIR",
    ) == refusal(path)


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
    ("description", "found"),
    [
        ("{", "a description that is not JSON (Expecting property name enclosed in double quotes"),
        ("[" * 100_000, "a description that is not JSON (maximum recursion depth exceeded"),
        ("[]", "a description that makes no sense (TypeError("),
        ("null", "a description that makes no sense (TypeError("),
        ('{"class_name": "Sequential", "config": []}', "a description that makes no sense (IndexError("),
        ('{"class_name": "Sequential", "config": "x"}', "a description that makes no sense (TypeError("),
    ],
    ids=["cut off", "too deep", "a list", "null", "no layers", "text"],
)
def test_descriptions_that_are_none(description: str, found: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        parse(description)

    assert found == caught.value.found[: len(found)]


def test_the_sequential_of_keras_2_1_is_understood() -> None:
    dense = {"name": "dense_1", "batch_input_shape": [None, 784], "units": 10, "activation": "softmax"}
    description = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": dense}]}
    understood = parse(json.dumps(description))

    assert ((784,), find("wheel-softmax").layers) == (understood.input_shape, understood.layers)
