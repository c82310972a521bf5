"""`param.hdf5` is in the layout that every Keras reads, the same weights are the same bytes, and they come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional, Tuple

import numpy as np
import pytest

from mnist_repro.recipes import RECIPES, find
from mnist_repro.training import framework
from mnist_repro.weights import hdf5
from mnist_repro.weights import param_hdf5 as weights
from tests.builders.refused import refused
from tests.builders.weights_files import as_bytes, edited, some_weights, written


def refusal(path: Path, name: str) -> Tuple[str, str, str]:
    return refused(lambda: weights.read(path, find(name)), PATH=path)


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")
@pytest.mark.parametrize("name", ["wheel-softmax", "keras-cnn", "vgg7-bn"])
def test_this_keras_loads_what_we_write(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    model = framework.build(find(name))
    model.load_weights(str(path))

    assert as_bytes(some_weights(find(name))) == as_bytes(framework.get_weights(model))


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


def forget_recipe(root: Any) -> None:
    del root.attrs[weights.RECIPE_ATTRIBUTE]


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_written_is_read_again_and_says_or_shows_which_recipe_it_is_of(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)

    assert as_bytes(some_weights(find(name))) == as_bytes(weights.read(path, find(name)))
    assert find(name) == weights.identify(path)
    if name not in ("wheel-softmax", "tf-softmax"):
        # By its shapes.
        assert find(name) == weights.identify(edited(path, forget_recipe))


def test_the_recipe_named_decides_where_the_file_does_not(tmp_path: Path) -> None:
    path = edited(written(tmp_path, "wheel-softmax"), forget_recipe)

    assert find("tf-softmax") == weights.identify(path, "tf-softmax")


def from_the_future(root: Any) -> None:
    root.attrs[weights.RECIPE_ATTRIBUTE] = np.bytes_(b"lenet-6")


def shrink(root: Any) -> None:
    forget_recipe(root)
    root["conv2d_2"].attrs["weight_names"] = np.array([b"conv2d_2/kernel:0"])
    del root["conv2d_2/conv2d_2/bias:0"]


@pytest.mark.parametrize(
    ("name", "edit", "asked", "what", "fix"),
    [
        (
            *("wheel-softmax", len, "tf-softmax"),
            *("holds the weights of 'wheel-softmax', not of tf-softmax", "leave --recipe out, or "),
        ),
        (
            *("tf-softmax", forget_recipe, None),
            "does not say which recipe it is of, and its shapes fit wheel-softmax and tf-softmax",
            "--recipe wheel-softmax (or tf-softmax)",
        ),
        (
            *("tf-softmax", from_the_future, None),
            *("was written for recipe 'lenet-6'", "--recipe wheel-softmax"),
        ),
        (
            *("vgg7", shrink, None, "fits no recipe: it holds conv2d (2×2×1×8, 8), "),
            "--recipe wheel-softmax says what differs from that one",
        ),
    ],
)
def test_weights_whose_recipe_is_not_known(
    name: str, edit: Callable[[Any], object], asked: Optional[str], what: str, fix: str, tmp_path: Path
) -> None:
    path = edited(written(tmp_path, name), edit)
    found = refused(lambda: weights.identify(path, asked), PATH=path)

    assert (f"PATH {what}", fix) == (found[0][: len(what) + 5], found[2][: len(fix)])


@pytest.mark.parametrize(
    ("held", "asked", "what"),
    [
        ("vgg7", "keras-cnn", "its layer 1 with weights is conv2d (2×2×1×8, 8)"),
        (
            *("vgg7-bn", "vgg7"),
            "it has layers batch_normalization (8, 8, 8, 8), batch_normalization_1 (16, 16, 16, 16) too many",
        ),
    ],
)
def test_another_recipe(held: str, asked: str, what: str, tmp_path: Path) -> None:
    found = refusal(written(tmp_path, held), asked)

    assert f"PATH does not hold the weights of {asked}: {what}" == found[0]
    assert f"it fits {held}: --recipe {held}" == found[2]


def test_weights_that_fit_two_other_recipes(tmp_path: Path) -> None:
    assert (
        "it fits wheel-softmax and tf-softmax: --recipe wheel-softmax or --recipe tf-softmax"
        == (refusal(written(tmp_path, "tf-softmax"), "vgg7")[2])
    )


# TensorFlow 2.2 uses names that NumPy has since deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow")
def test_whole_model_where_weights_belong(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    framework.save_model(framework.build(find("tf-softmax")), path)
    found = refusal(path, "tf-softmax")

    assert "PATH is a whole-model file: it holds an architecture beside the weights" == found[0]
    assert "mnist-repro predict PATH, which takes whole models" == found[2]
    assert found == refused(lambda: weights.identify(path), PATH=path)
    (tmp_path / "param.hdf5").touch()
    assert refusal(path, "tf-softmax")[2].endswith(f", or: mnist-repro estimate {tmp_path}/param.hdf5")


def test_weights_written_for_an_unknown_recipe_are_those_of_the_recipe_that_the_user_names(tmp_path: Path) -> None:
    path = edited(written(tmp_path, "tf-softmax"), from_the_future)

    assert "tf-softmax" == weights.identify(path, "tf-softmax").name


def test_weights_in_the_layout_of_keras_3(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    with hdf5.library().File(str(path), "w") as root:
        root["layers/dense/vars/0"] = np.zeros((784, 10), np.float32)

    assert "PATH is in the layout of Keras 3 (.weights.h5)" == refusal(path, "tf-softmax")[0]
