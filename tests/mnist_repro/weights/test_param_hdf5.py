"""`param.hdf5` is in the layout that every Keras reads, the same weights are the same bytes, and they come back."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, List

import numpy as np
import pytest

from mnist_repro.errors import BadInput
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import Weights, lay_out
from mnist_repro.training import framework
from mnist_repro.training.seeds import initial_weights
from mnist_repro.weights import hdf5
from mnist_repro.weights import param_hdf5 as weights

WRITE = """\
import sys
from pathlib import Path
from mnist_repro.weights import param_hdf5 as weights
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import lay_out
from mnist_repro.training.seeds import initial_weights
recipe = find(sys.argv[1])
weights.write(Path(sys.argv[2]), recipe, initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), 0))
"""


def some_weights(recipe: Recipe, seed: int = 0) -> Weights:
    return initial_weights(recipe.name, lay_out(recipe.layers, recipe.input_shape), seed)


def written(folder: Path, name: str) -> Path:
    path = folder / "param.hdf5"
    weights.write(path, find(name), some_weights(find(name)))
    return path


def edited(path: Path, edit: Callable[[Any], object]) -> Path:
    with hdf5.library().File(str(path), "r+") as root:
        edit(root)
    return path


def as_bytes(values: Weights) -> List[List[bytes]]:
    return [[array.tobytes() for array in layer] for layer in values]


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)

    assert as_bytes(some_weights(find(name))) == as_bytes(weights.read(path, find(name)))


def test_importing_is_cheap() -> None:
    imported = "import sys; import mnist_repro.weights.param_hdf5; print({'h5py', 'tensorflow'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", imported], check=True, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    ).stdout

    assert "set()\n" == said


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")
@pytest.mark.parametrize("name", ["wheel-softmax", "keras-cnn", "vgg7-bn"])
def test_this_keras_loads_what_we_write(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    model = framework.build(find(name))
    model.load_weights(str(path))

    assert as_bytes(some_weights(find(name))) == as_bytes(framework.get_weights(model))


def test_layers_without_weights_are_listed_too(tmp_path: Path) -> None:
    with hdf5.opened(written(tmp_path, "keras-cnn")) as root:
        names = hdf5.texts(root, "layer_names")
        weight_names = [hdf5.texts(root[name], "weight_names") for name in names or ()]
        versions = [hdf5.text(root, name) for name in ("backend", "keras_version", weights.RECIPE_ATTRIBUTE)]

    cnn = ("conv2d", "conv2d_1", "max_pooling2d", "dropout", "flatten", "dense", "dropout_1", "dense_1")
    holders = ("conv2d", "conv2d_1", "dense", "dense_1")
    assert ("input_1", *cnn) == names
    assert [(f"{n}/kernel:0", f"{n}/bias:0") if n in holders else () for n in ("input_1", *cnn)] == weight_names
    assert ["tensorflow", "2.3.0-tf", "keras-cnn"] == versions


def test_attributes_are_fixed_length_bytes(tmp_path: Path) -> None:
    kinds = []
    with hdf5.opened(written(tmp_path, "vgg7-bn")) as root:
        for holder in (root, *root.values()):
            kinds += [holder.attrs.get_id(name).dtype.kind for name in holder.attrs]

    assert {"S"} == set(kinds)


@pytest.mark.parametrize("name", ["wheel-softmax", "vgg7-bn"])
def test_same_weights_are_same_bytes_in_another_process_folder_and_second(name: str, tmp_path: Path) -> None:
    here = written(tmp_path, name)
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.02)
    there = tmp_path / "elsewhere" / "other-name.hdf5"
    subprocess.run([sys.executable, "-c", WRITE, name, str(there)], check=True, cwd=Path(__file__).parents[3])

    assert here.read_bytes() == there.read_bytes()


def test_layout_in_memory_does_not_matter(tmp_path: Path) -> None:
    recipe = find("vgg7-bn")
    values = some_weights(recipe)
    turned = tuple(tuple(np.asfortranarray(array) for array in layer) for layer in values)
    weights.write(tmp_path / "straight.hdf5", recipe, values)
    weights.write(tmp_path / "turned.hdf5", recipe, turned)

    assert (tmp_path / "straight.hdf5").read_bytes() == (tmp_path / "turned.hdf5").read_bytes()


def test_weights_of_another_recipe_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="these are not the weights of vgg7"):
        weights.write(tmp_path / "param.hdf5", find("vgg7"), some_weights(find("vgg7-bn")))

    assert [] == list(tmp_path.iterdir())


def test_float64_weights_are_not_written(tmp_path: Path) -> None:
    doubled = tuple(tuple(array.astype(np.float64) for array in layer) for layer in some_weights(find("tf-softmax")))

    with pytest.raises(ValueError, match="weights are float32"):
        weights.write(tmp_path / "param.hdf5", find("tf-softmax"), doubled)


def number_as_keras_does(root: Any) -> None:
    """The names that Keras gives to the layers of a process' second and further models."""
    root.move("dense", "dense_7")
    root["dense_7"].move("dense", "dense_7")
    root["dense_7"].attrs["weight_names"] = np.array([b"dense_7/kernel:0", b"dense_7/bias:0"])
    root.move("input_1", "input_5")
    root.attrs["layer_names"] = np.array([b"input_5", b"dense_7"])


def leave_input_out(root: Any) -> None:
    """As a Sequential model is written."""
    del root["input_1"]
    root.attrs["layer_names"] = np.array([b"dense"])


def use_text(root: Any) -> None:
    """Variable-length text, as newer Kerases and h5pys write it."""
    text = hdf5.library().special_dtype(vlen=str)
    for holder, name in ((root, "layer_names"), (root["dense"], "weight_names"), (root["input_1"], "weight_names")):
        names = list(hdf5.texts(holder, name) or ())
        holder.attrs.create(name, np.array(names, dtype=object), dtype=text)
    root.attrs.create("backend", "tensorflow", dtype=text)


def part_names(root: Any) -> None:
    """As Keras parts rows of names longer than 64 KiB."""
    root.attrs["layer_names0"] = np.array([b"input_1"])
    root.attrs["layer_names1"] = np.array([b"dense"])
    del root.attrs["layer_names"]


def add_top_level(root: Any) -> None:
    """As tf_keras does, for models without weights of their own."""
    root.create_group("top_level_model_weights").attrs["weight_names"] = np.array([], dtype="S1")


def compress(root: Any) -> None:
    kernel = root["dense/dense/kernel:0"][()]
    del root["dense/dense/kernel:0"]
    root.create_dataset("dense/dense/kernel:0", data=kernel, compression="gzip")


def swap_bytes(root: Any) -> None:
    kernel = root["dense/dense/kernel:0"][()]
    del root["dense/dense/kernel:0"]
    root.create_dataset("dense/dense/kernel:0", data=kernel, dtype=">f4")


@pytest.mark.parametrize(
    "edit", [number_as_keras_does, leave_input_out, use_text, part_names, add_top_level, compress, swap_bytes]
)
def test_other_spellings_of_the_same_weights_are_read(edit: Callable[[Any], object], tmp_path: Path) -> None:
    recipe = find("wheel-softmax")
    read = weights.read(edited(written(tmp_path, recipe.name), edit), recipe)

    assert as_bytes(some_weights(recipe)) == as_bytes(read)
    assert {"float32"} == {str(array.dtype) for layer in read for array in layer}


def forget_recipe(root: Any) -> None:
    del root.attrs[weights.RECIPE_ATTRIBUTE]


@pytest.mark.parametrize("name", RECIPES)
def test_our_files_say_which_recipe_they_are_of(name: str, tmp_path: Path) -> None:
    assert find(name) == weights.identify(written(tmp_path, name))


@pytest.mark.parametrize("name", ["keras-cnn", "tf-cnn", "vgg7", "vgg7-bn"])
def test_shapes_tell_where_the_file_does_not(name: str, tmp_path: Path) -> None:
    assert find(name) == weights.identify(edited(written(tmp_path, name), forget_recipe))


def test_the_recipe_named_decides_where_the_file_does_not(tmp_path: Path) -> None:
    path = edited(written(tmp_path, "wheel-softmax"), forget_recipe)

    assert find("tf-softmax") == weights.identify(path, "tf-softmax")


def test_the_recipe_named_and_that_of_the_file_must_agree(tmp_path: Path) -> None:
    path = written(tmp_path, "wheel-softmax")

    with pytest.raises(BadInput) as caught:
        weights.identify(path, "tf-softmax")

    assert f"{path} holds the weights of 'wheel-softmax', not of tf-softmax" == caught.value.what


def test_two_recipes_of_the_same_shapes_are_asked_about(tmp_path: Path) -> None:
    path = edited(written(tmp_path, "tf-softmax"), forget_recipe)

    with pytest.raises(BadInput) as caught:
        weights.identify(path)

    assert (
        f"{path} does not say which recipe it is of, and its shapes fit wheel-softmax and tf-softmax",
        "one recipe is needed to build the model",
        f"mnist-repro estimate {path} --recipe wheel-softmax (or tf-softmax)",
    ) == caught.value.args


def test_a_recipe_of_a_later_version_is_asked_about(tmp_path: Path) -> None:
    def from_the_future(root: Any) -> None:
        root.attrs[weights.RECIPE_ATTRIBUTE] = np.bytes_(b"lenet-6")

    path = edited(written(tmp_path, "tf-softmax"), from_the_future)

    with pytest.raises(BadInput) as caught:
        weights.identify(path)

    assert (
        f"{path} was written for recipe 'lenet-6'",
        "the recipes are wheel-softmax, keras-cnn, tf-softmax, tf-cnn, vgg7, vgg7-bn",
        f"mnist-repro estimate {path} --recipe RECIPE",
    ) == caught.value.args
