"""Layers and their weights are listed as Keras 2 lists them, and what is no whole list is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from mnist_repro.recipes import find
from mnist_repro.weights import hdf5
from mnist_repro.weights import param_hdf5 as weights
from tests.builders.refused import refused
from tests.builders.weights_files import as_bytes, edited, some_weights, written

BIAS = "dense/dense/bias:0"


def gone(name: str) -> Callable[[Any], None]:
    def edit(root: Any) -> None:
        del root[name]

    return edit


def attribute(name: str, value: np.ndarray, group: str = "/") -> Callable[[Any], None]:
    def edit(root: Any) -> None:
        root[group].attrs[name] = value

    return edit


def number(name: str, place: Any, value: float) -> Callable[[Any], None]:
    def edit(root: Any) -> None:
        root[name][place] = value

    return edit


def other_bias(**how: Any) -> Callable[[Any], None]:
    """Another dataset for 256 biases of float32."""

    def edit(root: Any) -> None:
        del root[BIAS]
        root.create_dataset(BIAS, **{**({} if "data" in how else {"shape": (256,), "dtype": "<f4"}), **how})

    return edit


def remove_layer(root: Any) -> None:
    root.attrs["layer_names"] = np.array([name for name in root.attrs["layer_names"] if name != b"conv2d_2"])
    del root["conv2d_2"]


def remove_weight(root: Any) -> None:
    root["conv2d_2"].attrs["weight_names"] = np.array([b"conv2d_2/kernel:0"])
    del root["conv2d_2/conv2d_2/bias:0"]


def remove_all(root: Any) -> None:
    root.attrs["layer_names"] = np.array([], dtype="S1")
    for name in list(root):
        del root[name]


def add_layer(root: Any) -> None:
    root.copy("dense_2", "dense_3")
    root.attrs["layer_names"] = np.array([*root.attrs["layer_names"], b"dense_3"])


def add_top_level_weight(root: Any) -> None:
    group = root.create_group("top_level_model_weights")
    group.attrs["weight_names"] = np.array([b"temperature:0"])
    group["temperature:0"] = np.ones((), np.float32)


def soft_link(root: Any) -> None:
    del root[BIAS]
    root[BIAS] = hdf5.library().SoftLink("/dense_1/dense_1/bias:0")


def external_link(root: Any) -> None:
    del root["dense"]
    root["dense"] = hdf5.library().ExternalLink("other.hdf5", "/dense")


def circle(root: Any) -> None:
    root["dense/dense/around"] = root["dense"]


def virtual(root: Any) -> None:
    layout = hdf5.library().VirtualLayout(shape=(256,), dtype="<f4")
    layout[:] = hdf5.library().VirtualSource("other.hdf5", "bias", shape=(256,))
    del root[BIAS]
    root.create_virtual_dataset(BIAS, layout)


def reference(root: Any) -> None:
    other_bias(dtype=hdf5.library().special_dtype(ref=hdf5.library().Reference))(root)


NOT_OF_VGG7 = "does not hold the weights of vgg7: it"
UPWARDS = np.array([b"dense/kernel:0", b"../dense_1/dense_1/bias:0"])


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (remove_layer, f" {NOT_OF_VGG7} lacks layer conv2d_2 (2×2×8×16, 16)"),
        (gone("conv2d_2"), " lacks layer 'conv2d_2', which it lists"),
        (gone("conv2d_2/conv2d_2/bias:0"), " lacks weight 'conv2d_2/bias:0' of layer '/conv2d_2', which it lists"),
        (remove_weight, f" {NOT_OF_VGG7}s layer 3 with weights is conv2d_2 (2×2×8×16)"),
        (remove_all, f" {NOT_OF_VGG7} lacks layers conv2d (2×2×1×8, 8), "),
        (add_layer, f" {NOT_OF_VGG7} has layer dense_3 (256×10, 10) too many"),
        (
            lambda root: root.create_group("attention"),
            " holds an extra layer, 'attention' in /, which it does not list",
        ),
        (
            lambda root: root.create_dataset("dense/dense/scale:0", data=np.ones(256, np.float32)),
            " holds an extra weight, 'scale:0' in /dense/dense, which it does not list",
        ),
        (add_top_level_weight, " holds weights that belong to no layer, in top_level_model_weights"),
        (lambda root: root.attrs.pop("layer_names"), " lists no layers: / has no attribute layer_names"),
        (
            number("dense_1/dense_1/kernel:0", (3, 5), np.nan),
            " holds nan in layer 'dense_1', weight 'dense_1/kernel:0': 1 of 65,536 numbers are not finite",
        ),
        (
            number("conv2d/conv2d/bias:0", slice(2, 5), -np.inf),
            " holds -inf in layer 'conv2d', weight 'conv2d/bias:0': 3 of 8 numbers are not finite",
        ),
        (other_bias(data=np.zeros(256, "f2")), ": /dense/dense/bias:0 is float16"),
        (other_bias(data=np.zeros(256, "f8")), ": /dense/dense/bias:0 is float64"),
        (other_bias(data=np.zeros(256, "i4")), ": /dense/dense/bias:0 is int32"),
        (reference, ": /dense/dense/bias:0 is object"),
        (other_bias(), ": /dense/dense/bias:0 declares 256 numbers and stores 0 bytes"),
        (
            other_bias(shape=(10**6, 10**6), chunks=(1000, 1000), compression=9),
            ": /dense/dense/bias:0 declares 1,000,000,000,000 numbers and stores 0 bytes",
        ),
        (soft_link, ": 'bias:0' in /dense/dense is a link (SoftLink)"),
        (external_link, ": 'dense' in / is a link (ExternalLink)"),
        (circle, " holds an extra weight, 'around' in /dense/dense, which it does not list"),
        (virtual, ": /dense/dense/bias:0 is a virtual dataset, with its numbers in other files"),
        (
            other_bias(external=[("/etc/passwd", 0, 1024)]),
            ": /dense/dense/bias:0 is an external dataset, with its numbers in other files",
        ),
        (attribute("weight_names", UPWARDS, "dense"), " names '../dense_1/dense_1/bias:0' in /dense"),
        (attribute("layer_names", np.arange(3)), " is truncated or damaged: "),
        (attribute("layer_names", np.array([b"\xff\xfe"])), " is truncated or damaged: "),
    ],
    ids=lambda value: "" if callable(value) else value[:60],
)
def test_edited_file(edit: Callable[[Any], object], what: str, tmp_path: Path) -> None:
    path = edited(written(tmp_path, "vgg7"), edit)

    assert f"PATH{what}" == refused(lambda: weights.read(path, find("vgg7")), PATH=path)[0][: len(what) + 4]


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


@pytest.mark.parametrize("edit", [number_as_keras_does, leave_input_out, use_text, add_top_level, compress, swap_bytes])
def test_other_spellings_of_the_same_weights_are_read(edit: Callable[[Any], object], tmp_path: Path) -> None:
    recipe = find("wheel-softmax")
    read = weights.read(edited(written(tmp_path, recipe.name), edit), recipe)

    assert as_bytes(some_weights(recipe)) == as_bytes(read)
    assert {"float32"} == {str(array.dtype) for layer in read for array in layer}
