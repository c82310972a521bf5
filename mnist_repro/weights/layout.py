"""Reads and writes the Keras 2 layout of weights in an HDF5 group: the list of layers, and their arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.recipes.layers import LayerSpec, Weights
from mnist_repro.weights import hdf5

# The Keras of TensorFlow 2.2.0. Every later Keras reads its layout without a conversion.
KERAS_VERSION = b"2.3.0-tf"

# A group that later versions of Keras 2 add: weights of the model itself. Our models have none.
_TOP_LEVEL = "top_level_model_weights"


@dataclass(frozen=True, eq=False)
class StoredWeight:
    """One array in a file, not yet read.

    Args:
        name: such as ``dense/kernel:0``, or as Keras counted, ``dense_3/kernel:0``.
        shape: as the file declares it.
        dataset: h5py's dataset; usable as long as the file is open.
    """

    name: str
    shape: Tuple[int, ...]
    dataset: Any


@dataclass(frozen=True, eq=False)
class StoredLayer:
    """One layer in a file: its name, and its weights in the order in which Keras loads them."""

    name: str
    weights: Tuple[StoredWeight, ...]


def store(group: Any, layers: Sequence[LayerSpec], weights: Sequence[Sequence[np.ndarray]]) -> None:
    """Write the layers and their arrays, float32, into an empty group. The bytes depend only on these arguments."""
    names = ["input_1", *(spec.name for spec in layers)]
    # All texts are bytes of fixed length, because TensorFlow 2.2.0 decodes every attribute. A newer h5py would store
    # str as text of variable length, which TensorFlow would get as str and could not decode.
    group.attrs["layer_names"] = _bytes_row(names)
    group.attrs["backend"] = np.bytes_(b"tensorflow")
    group.attrs["keras_version"] = np.bytes_(KERAS_VERSION)
    arrays = {spec.name: (spec.weights, held) for spec, held in zip(layers, weights)}
    # Sorted, as Keras does it: so a name comes after every shorter name that it begins with.
    for name in sorted(names):
        specs, held = arrays.get(name, ((), ()))
        layer = group.create_group(name)
        layer.attrs["weight_names"] = _bytes_row([spec.name for spec in specs])
        for spec, array in zip(specs, held):
            # h5py 2.10 would store the time in each dataset.
            layer.create_dataset(spec.name, data=np.ascontiguousarray(array, dtype="<f4"), track_times=False)


def stored_layers(group: Any, path: Path) -> Tuple[StoredLayer, ...]:
    """The layers with weights that a group in the Keras 2 layout lists.

    Raises:
        BadInput: a listed object is missing, an object is not listed, or a dataset is not plain.
    """
    names = hdf5.texts(group, "layer_names")
    if names is None:
        raise BadInput(
            f"{path} lists no layers: {group.name} has no attribute layer_names",
            "weights in the Keras 2 layout list their layers there",
            hdf5.AGAIN,
        )
    layers = tuple(_stored_layer(group, name, path) for name in names)
    _require_nothing_else(group, [*names, _TOP_LEVEL], "layer", path)
    if _TOP_LEVEL in group and _stored_layer(group, _TOP_LEVEL, path).weights:
        raise BadInput(
            f"{path} holds weights that belong to no layer, in {_TOP_LEVEL}",
            "each weight belongs to a layer",
            hdf5.AGAIN,
        )
    return tuple(layer for layer in layers if layer.weights)


def finite_weights(stored: Sequence[StoredLayer], layers: Sequence[LayerSpec], path: Path) -> Weights:
    """Read the arrays of the stored layers, while their file is open, as the weights of ``layers``.

    Raises:
        BadInput: a number is not finite; the message names the layer and counts such numbers.
    """
    arrays = iter([tuple(_finite(layer, weight, path) for weight in layer.weights) for layer in stored])
    return tuple(next(arrays) if spec.weights else () for spec in layers)


def _stored_layer(group: Any, name: str, path: Path) -> StoredLayer:
    layer = hdf5.child(group, name, path)
    if not isinstance(layer, hdf5.library().Group):
        raise BadInput(
            f"{path} lacks layer {hdf5.shown(name)}, which it lists", "each layer listed has its group", hdf5.AGAIN
        )
    names = hdf5.texts(layer, "weight_names") or ()
    weights = tuple(_stored_weight(layer, weight, path) for weight in names)
    _require_nothing_else(layer, names, "weight", path)
    return StoredLayer(name, weights)


def _stored_weight(layer: Any, name: str, path: Path) -> StoredWeight:
    dataset = hdf5.child(layer, name, path)
    if not isinstance(dataset, hdf5.library().Dataset):
        raise BadInput(
            f"{path} lacks weight {hdf5.shown(name)} of layer {hdf5.shown(layer.name)}, which it lists",
            "each weight listed has its dataset",
            hdf5.AGAIN,
        )
    hdf5.require_plain(dataset, path)
    return StoredWeight(name, tuple(int(length) for length in dataset.shape), dataset)


def _require_nothing_else(group: Any, listed: Sequence[str], kind: str, path: Path) -> None:
    """Refuse a group with objects that are not listed, because Keras would ignore them silently."""
    below: Dict[str, List[str]] = {}
    for name in listed:
        first, _, rest = name.partition("/")
        below.setdefault(first, []).append(rest)
    for name in group:
        if name not in below:
            raise BadInput(
                f"{path} holds an extra {kind}, {hdf5.shown(name)} in {group.name}, which it does not list",
                f"each {kind} is listed in the attribute {kind}_names",
                hdf5.AGAIN,
            )
        rests = [rest for rest in below[name] if rest]
        if rests and kind == "weight":
            _require_nothing_else(hdf5.child(group, name, path), rests, kind, path)


def _finite(layer: StoredLayer, weight: StoredWeight, path: Path) -> np.ndarray:
    array = np.asarray(weight.dataset[()], dtype=np.float32)
    wrong = array[~np.isfinite(array)]
    if wrong.size:
        raise BadInput(
            f"{path} holds {wrong[0]} in layer {hdf5.shown(layer.name)}, weight {hdf5.shown(weight.name)}: "
            f"{wrong.size:,} of {array.size:,} numbers are not finite",
            "weights are finite numbers; a training that diverged, or damage, leaves others",
            "train again: mnist-repro train RECIPE --out DIR",
        )
    return array


def _bytes_row(names: Sequence[str]) -> np.ndarray:
    """Names as an array of bytes of fixed length; it may be empty."""
    return np.array([name.encode("utf-8") for name in names], dtype=None if names else "S1")
