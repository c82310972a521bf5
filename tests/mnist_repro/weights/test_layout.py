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
from tests.builders.weights_files import AGAIN, as_bytes, edited, some_weights, written


def remove_layer(root: Any) -> None:
    root.attrs["layer_names"] = np.array([name for name in root.attrs["layer_names"] if name != b"conv2d_2"])
    del root["conv2d_2"]


def remove_group_only(root: Any) -> None:
    del root["conv2d_2"]


def remove_dataset_only(root: Any) -> None:
    del root["conv2d_2/conv2d_2/bias:0"]


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


def add_group_only(root: Any) -> None:
    root.create_group("attention")


def add_dataset_only(root: Any) -> None:
    root["dense/dense/scale:0"] = np.ones(256, np.float32)


def add_top_level_weight(root: Any) -> None:
    group = root.create_group("top_level_model_weights")
    group.attrs["weight_names"] = np.array([b"temperature:0"])
    group["temperature:0"] = np.ones((), np.float32)


def forget_layers(root: Any) -> None:
    del root.attrs["layer_names"]


def put_nan(root: Any) -> None:
    root["dense_1/dense_1/kernel:0"][3, 5] = np.nan


def put_infinities(root: Any) -> None:
    root["conv2d/conv2d/bias:0"][2:5] = -np.inf


def other_dtype(dtype: str) -> Callable[[Any], None]:
    def edit(root: Any) -> None:
        values = root["dense/dense/bias:0"][()]
        del root["dense/dense/bias:0"]
        root["dense/dense/bias:0"] = values.astype(dtype)

    return edit


def never_written(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(256,), dtype="<f4")


def memory_bomb(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(10**6, 10**6), dtype="<f4", chunks=(1000, 1000), compression=9)


def soft_link(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root["dense/dense/bias:0"] = hdf5.library().SoftLink("/dense_1/dense_1/bias:0")


def external_link(root: Any) -> None:
    del root["dense"]
    root["dense"] = hdf5.library().ExternalLink("other.hdf5", "/dense")


def circle(root: Any) -> None:
    root["dense/dense/around"] = root["dense"]


def virtual(root: Any) -> None:
    layout = hdf5.library().VirtualLayout(shape=(256,), dtype="<f4")
    layout[:] = hdf5.library().VirtualSource("other.hdf5", "bias", shape=(256,))
    del root["dense/dense/bias:0"]
    root.create_virtual_dataset("dense/dense/bias:0", layout)


def external(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset("dense/dense/bias:0", shape=(256,), dtype="<f4", external=[("/etc/passwd", 0, 1024)])


def reference(root: Any) -> None:
    del root["dense/dense/bias:0"]
    root.create_dataset(
        "dense/dense/bias:0", shape=(256,), dtype=hdf5.library().special_dtype(ref=hdf5.library().Reference)
    )


def path_upwards(root: Any) -> None:
    root["dense"].attrs["weight_names"] = np.array([b"dense/kernel:0", b"../dense_1/dense_1/bias:0"])


def names_of_numbers(root: Any) -> None:
    root.attrs["layer_names"] = np.arange(3)


def names_not_utf8(root: Any) -> None:
    root.attrs["layer_names"] = np.array([b"\xff\xfe"])


DAMAGED = "HDF5 stopped reading it: "
VGG7 = "vgg7 has 8 layers with weights: "


STORED = "weights are stored in the file"


NO_RECIPE = "it fits no recipe; train again: mnist-repro train vgg7 --out DIR"


OTHER_TYPES = "float32 is expected; other types are not converted, because what was trained would change"


SET_FLOATX = "save the model again with keras.backend.set_floatx('float32')"


DOWN = "names lead down from group to group"


FINITE = "weights are finite numbers; a training that diverged, or damage, leaves others"


TRAIN = "train again: mnist-repro train RECIPE --out DIR"


@pytest.mark.parametrize(
    ("edit", "what", "why", "fix"),
    [
        (remove_layer, " does not hold the weights of vgg7: it lacks layer conv2d_2 (2×2×8×16, 16)", VGG7, NO_RECIPE),
        (remove_group_only, " lacks layer 'conv2d_2', which it lists", "each layer listed has its group", AGAIN),
        (
            *(remove_dataset_only, " lacks weight 'conv2d_2/bias:0' of layer '/conv2d_2', which it lists"),
            *("each weight listed has its dataset", AGAIN),
        ),
        (
            *(remove_weight, " does not hold the weights of vgg7: its layer 3 with weights is conv2d_2 (2×2×8×16)"),
            *("vgg7 has conv2d_2 (2×2×8×16, 16) there", NO_RECIPE),
        ),
        (remove_all, " does not hold the weights of vgg7: it lacks layers conv2d (2×2×1×8, 8), ", VGG7, NO_RECIPE),
        (add_layer, " does not hold the weights of vgg7: it has layer dense_3 (256×10, 10) too many", VGG7, NO_RECIPE),
        (
            *(add_group_only, " holds an extra layer, 'attention' in /, which it does not list"),
            *("each layer is listed in the attribute layer_names", AGAIN),
        ),
        (
            *(add_dataset_only, " holds an extra weight, 'scale:0' in /dense/dense, which it does not list"),
            *("each weight is listed in the attribute weight_names", AGAIN),
        ),
        (
            *(add_top_level_weight, " holds weights that belong to no layer, in top_level_model_weights"),
            *("each weight belongs to a layer", AGAIN),
        ),
        (
            *(forget_layers, " lists no layers: / has no attribute layer_names"),
            *("weights in the Keras 2 layout list their layers there", AGAIN),
        ),
        (
            *(put_nan, " holds nan in layer 'dense_1', weight 'dense_1/kernel:0': 1 of 65,536 numbers are not finite"),
            *(FINITE, TRAIN),
        ),
        (
            *(put_infinities, " holds -inf in layer 'conv2d', weight 'conv2d/bias:0': 3 of 8 numbers are not finite"),
            *(FINITE, TRAIN),
        ),
        (other_dtype("f2"), ": /dense/dense/bias:0 is float16", OTHER_TYPES, SET_FLOATX),
        (other_dtype("f8"), ": /dense/dense/bias:0 is float64", OTHER_TYPES, SET_FLOATX),
        (other_dtype("i4"), ": /dense/dense/bias:0 is int32", OTHER_TYPES, SET_FLOATX),
        (reference, ": /dense/dense/bias:0 is object", OTHER_TYPES, SET_FLOATX),
        (
            never_written,
            ": /dense/dense/bias:0 declares 256 numbers and stores 0 bytes",
            "its numbers are missing",
            AGAIN,
        ),
        (memory_bomb, ": /dense/dense/bias:0 declares 1,000,000,000,000 numbers and stores 0 bytes", "", AGAIN),
        (
            *(soft_link, ": 'bias:0' in /dense/dense is a link (SoftLink)"),
            *(f"{STORED} itself; links to other places and files are not followed", AGAIN),
        ),
        (
            *(external_link, ": 'dense' in / is a link (ExternalLink)"),
            *(f"{STORED} itself; links to other places and files are not followed", AGAIN),
        ),
        (circle, " holds an extra weight, 'around' in /dense/dense, which it does not list", "", AGAIN),
        (virtual, ": /dense/dense/bias:0 is a virtual dataset, with its numbers in other files", STORED, AGAIN),
        (external, ": /dense/dense/bias:0 is an external dataset, with its numbers in other files", STORED, AGAIN),
        (path_upwards, " names '../dense_1/dense_1/bias:0' in /dense", DOWN, AGAIN),
        (names_of_numbers, " is truncated or damaged: ", f"{DAMAGED}int where text belongs", AGAIN),
        (names_not_utf8, " is truncated or damaged: ", DAMAGED, AGAIN),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else "",
)
def test_edited_file(edit: Callable[[Any], object], what: str, why: str, fix: str, tmp_path: Path) -> None:
    path = edited(written(tmp_path, "vgg7"), edit)
    found = refused(lambda: weights.read(path, find("vgg7")), PATH=path)

    assert (f"PATH{what}", why, fix) == (found[0][: len(what) + 4], found[1][: len(why)], found[2])


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
