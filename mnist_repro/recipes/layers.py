"""The layers of the recipes' models, as values that are independent of any framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, List, Protocol, Tuple, Union

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "BatchNormalization",
    "Constant",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlorotUniform",
    "MaxPooling2D",
    "OwnLayer",
    "TruncatedNormal",
    "WeightSpec",
]

# One array per weight, one tuple per layer, in the order of `lay_out`.
Weights = Tuple[Tuple["np.ndarray", ...], ...]


@dataclass(frozen=True)
class GlorotUniform:
    """Uniform within ±sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010; Keras' default."""


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal around 0 with this ``standard_deviation``, redrawn beyond two of them.

    Source: tf.truncated_normal of TensorFlow 1.
    """

    standard_deviation: float


@dataclass(frozen=True)
class Constant:
    """The same ``value`` for every weight."""

    value: float


Initializer = Union[GlorotUniform, TruncatedNormal, Constant]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: inputs @ kernel + bias, then the activation.

    Args:
        units: number of outputs.
        activation: name of a Keras activation, such as ``relu``.
        kernel: initialiser of the kernel, shape (inputs, units).
        bias: initialiser of the bias, shape (units,).
    """

    units: int
    activation: str
    kernel: Initializer = GlorotUniform()
    bias: Initializer = Constant(0.0)
    keras_name = "dense"


@dataclass(frozen=True)
class Conv2D:
    """A convolution with a square window and stride 1.

    Args:
        filters: number of output channels.
        size: rows and columns of the window.
        padding: ``valid`` or ``same``.
        activation: as of `Dense`.
        kernel: initialiser of the kernel, shape (size, size, channels, filters).
        bias: initialiser of the bias, shape (filters,).
    """

    filters: int
    size: int
    padding: str
    activation: str
    kernel: Initializer = GlorotUniform()
    bias: Initializer = Constant(0.0)
    keras_name = "conv2d"


@dataclass(frozen=True)
class MaxPooling2D:
    """The largest of each 2×2 block; an odd last row or column is dropped unless ``padding`` is ``same``."""

    padding: str = "valid"
    keras_name = "max_pooling2d"


@dataclass(frozen=True)
class Dropout:
    """In training, set a share of the inputs, the ``rate``, to zero and divide the others by 1 - rate."""

    rate: float
    keras_name = "dropout"


@dataclass(frozen=True)
class BatchNormalization:
    """Normalise each channel over the batch; in an evaluation, with moving statistics.

    Args:
        momentum: share of the old value in each update of a moving statistic.
        epsilon: added to the variance.
    """

    momentum: float = 0.99
    epsilon: float = 1e-3
    keras_name = "batch_normalization"


@dataclass(frozen=True)
class Flatten:
    """Make one row of values per image."""

    keras_name = "flatten"


class OwnLayer(Protocol):
    """A layer that a recipe from outside brings along, as a frozen value.

    Its Keras layer computes; it gets ``training`` if it has a true attribute ``knows_training``.
    """

    keras_name: str

    def weights(self, name: str, shape: Tuple[int, ...]) -> Tuple[WeightSpec, ...]:
        """The weights of the layer called ``name``, for inputs of this shape, in the order of the Keras layer."""

    def output_shape(self, shape: Tuple[int, ...]) -> Tuple[int, ...]:
        """The shape of its output for inputs of this shape."""

    def keras_layer(self, layers: Any, name: str, seed: int) -> Any:
        """The layer from the module ``tf.keras.layers``, or made with its `Layer`; ``seed`` is for random masks."""


Layer = Union[Dense, Conv2D, MaxPooling2D, Dropout, BatchNormalization, Flatten, OwnLayer]


@dataclass(frozen=True)
class WeightSpec:
    """One array of a layer: its name in the Keras 2 file layout, its shape, and its initialiser.

    Args:
        name: such as ``dense/kernel:0``.
        shape: of the array.
        initializer: initialiser of the array.
        fan: (fan_in, fan_out), for initialisers that depend on them.
        trained: whether the optimiser changes it; it does not change moving statistics.
    """

    name: str
    shape: Tuple[int, ...]
    initializer: Initializer
    fan: Tuple[int, int]
    trained: bool = True


@dataclass(frozen=True)
class LayerSpec:
    """A layer at its position in a model: its Keras name and its weights."""

    name: str
    layer: Layer
    weights: Tuple[WeightSpec, ...]


def lay_out(layers: Tuple[Layer, ...], input_shape: Tuple[int, ...]) -> Tuple[LayerSpec, ...]:
    """Name the layers as Keras does (``dense``, ``dense_1``, …) and calculate the shape of each weight."""
    specs: List[LayerSpec] = []
    counts: dict[str, int] = {}
    shape = input_shape
    for layer in layers:
        index = counts.get(layer.keras_name, 0)
        counts[layer.keras_name] = index + 1
        name = f"{layer.keras_name}_{index}" if index else layer.keras_name
        specs.append(LayerSpec(name, layer, _weights(layer, name, shape)))
        shape = _output_shape(layer, shape)
    return tuple(specs)


def parameter_count(specs: Tuple[LayerSpec, ...]) -> int:
    """The number of parameters of the model, moving statistics included, as ``model.summary()`` counts them."""
    total = 0
    for spec in specs:
        for weight in spec.weights:
            size = 1
            for length in weight.shape:
                size *= length
            total += size
    return total


def _weights(layer: Layer, name: str, shape: Tuple[int, ...]) -> Tuple[WeightSpec, ...]:
    if isinstance(layer, Dense):
        fan = (shape[0], layer.units)
        return (
            WeightSpec(f"{name}/kernel:0", (shape[0], layer.units), layer.kernel, fan),
            WeightSpec(f"{name}/bias:0", (layer.units,), layer.bias, fan),
        )
    if isinstance(layer, Conv2D):
        window = layer.size * layer.size
        fan = (window * shape[-1], window * layer.filters)
        kernel = (layer.size, layer.size, shape[-1], layer.filters)
        return (
            WeightSpec(f"{name}/kernel:0", kernel, layer.kernel, fan),
            WeightSpec(f"{name}/bias:0", (layer.filters,), layer.bias, fan),
        )
    if isinstance(layer, BatchNormalization):
        starts = (
            ("gamma", 1.0, True),
            ("beta", 0.0, True),
            ("moving_mean", 0.0, False),
            ("moving_variance", 1.0, False),
        )
        channels = (shape[-1],)
        return tuple(
            WeightSpec(f"{name}/{weight}:0", channels, Constant(start), (0, 0), trained)
            for weight, start, trained in starts
        )
    return () if isinstance(layer, (MaxPooling2D, Dropout, Flatten)) else layer.weights(name, shape)


def _output_shape(layer: Layer, shape: Tuple[int, ...]) -> Tuple[int, ...]:
    if isinstance(layer, Dense):
        return (layer.units,)
    if isinstance(layer, Conv2D):
        lost = layer.size - 1 if layer.padding == "valid" else 0
        return (shape[0] - lost, shape[1] - lost, layer.filters)
    if isinstance(layer, MaxPooling2D):
        up = 1 if layer.padding == "same" else 0
        return ((shape[0] + up) // 2, (shape[1] + up) // 2, shape[2])
    if isinstance(layer, Flatten):
        size = 1
        for length in shape:
            size *= length
        return (size,)
    return shape if isinstance(layer, (Dropout, BatchNormalization)) else layer.output_shape(shape)
