"""All code that depends on the version of Keras, 2 (TensorFlow 2.2) or 3. Imports TensorFlow on first use."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.recipes.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LayerSpec,
    MaxPooling2D,
    Weights,
    lay_out,
)
from mnist_repro.recipes.recipe import Recipe
from mnist_repro.training.seeds import dropout_seed
from mnist_repro.training.tensorflow_import import quick_and_quiet, refusal

SCORED_AT_ONCE = 1000
# With many more threads TensorFlow cannot start, and aborts the process.
MOST_THREADS = 1024


def threads() -> int:
    """The number of threads of TensorFlow: one, so that the same seed gives the same bits.

    `MNIST_REPRO_THREADS` can set another number, to measure the effect of rounding with several threads.

    Raises:
        BadInput: `MNIST_REPRO_THREADS` is not a whole number from 1 to 1024.
    """
    said = os.environ.get("MNIST_REPRO_THREADS") or "1"
    # Python may refuse to read a number of thousands of digits.
    if not (said.isascii() and said.isdigit() and len(said) < 10 and 1 <= int(said) <= MOST_THREADS):
        raise BadInput(
            f"MNIST_REPRO_THREADS={said!r}",
            f"a whole number from 1 to {MOST_THREADS} is expected",
            "unset MNIST_REPRO_THREADS",
        )
    return int(said)


def require_tensorflow() -> None:
    """Make sure, without an import, that TensorFlow is installed, and that the number of `threads` is valid.

    Raises:
        BadInput: TensorFlow is not installed, or the number of threads is not valid.
    """
    threads()
    if importlib.util.find_spec("tensorflow") is None:
        raise BadInput(
            "TensorFlow is not installed in this environment",
            "training and evaluation need it; the rest of the program does not",
            "pip install 'mnist-repro[tensorflow]', or run where your own TensorFlow 2.2 or later is installed",
        )


@functools.lru_cache(maxsize=None)
def tensorflow() -> Any:
    """TensorFlow on the CPU with one thread, and Keras with float32 and channels last, for every keras.json.

    Raises:
        BadInput: TensorFlow is not installed, cannot be imported, or was already started with other settings.
    """
    require_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    tf = _imported()
    if isinstance(tf, BadInput):
        raise tf
    # During the import and later, TensorFlow 2.2 uses names that NumPy and Python have deprecated since.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="tensorflow")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads())
        tf.config.threading.set_inter_op_parallelism_threads(threads())
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        raise BadInput(
            "TensorFlow was already running in this process",
            f"a run uses one thread on the CPU, which can only be chosen before TensorFlow's first operation: {error}",
            "start the training in a process of its own: mnist-repro train RECIPE --out DIR",
        ) from error
    # It warns of repeated tracing by mistake, because consecutive runs make new graphs.
    tf.get_logger().setLevel("ERROR")
    return tf


@functools.lru_cache(maxsize=None)
def _imported() -> Any:
    """TensorFlow with its Keras, or the message on why not: a second attempt would fail in another way."""
    with quick_and_quiet():
        try:
            import tensorflow as tf

            # The first use of `tf.keras` imports Keras.
            tf.keras.backend.set_floatx("float32")
            tf.keras.backend.set_image_data_format("channels_last")
        # Another protobuf gives TypeError; another NumPy or a folder `tensorflow`, AttributeError.
        except Exception as error:
            return refusal(error)
    return tf


def keras_version() -> str:
    """Keras' own version: 2.3.0-tf for TensorFlow 2.2.0, 3.x since TensorFlow 2.16."""
    keras = tensorflow().keras
    # From TensorFlow 2.6 to 2.15, `tf.keras` is a package without `__version__`.
    package = keras if hasattr(keras, "__version__") else importlib.import_module(keras.Model.__module__.split(".")[0])
    return str(package.__version__)


def build(recipe: Recipe, seed: int = 0) -> Any:
    """The recipe's model from Keras' own layers; ``seed`` is the seed of its dropout masks."""
    tf = tensorflow()
    inputs = tf.keras.Input(shape=recipe.input_shape, name="input_1")
    outputs = inputs
    for spec in lay_out(recipe.layers, recipe.input_shape):
        outputs = _keras_layer(tf.keras.layers, spec, recipe, seed)(outputs)
    return tf.keras.Model(inputs, outputs, name=recipe.name.replace("-", "_"))


def model_layers(model: Any) -> List[Any]:
    """The layers of a model without its input layer."""
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


def get_weights(model: Any) -> Weights:
    """Every weight of the model, float32."""
    return tuple(
        tuple(np.asarray(array, dtype=np.float32) for array in layer.get_weights()) for layer in model_layers(model)
    )


def set_weights(model: Any, weights: Weights) -> None:
    """Put ``weights`` into the model."""
    for layer, arrays in zip(model_layers(model), weights):
        layer.set_weights(list(arrays))


def variables(weights: Sequence[Any]) -> List[Any]:
    """The `tf.Variable` behind each weight: Keras 3 wraps them."""
    variable = tensorflow().Variable
    return [weight if isinstance(weight, variable) else weight.value for weight in weights]


def keras_optimizer(make: Callable[[Any], Any], weights: Sequence[Any]) -> Any:
    """The framework's own optimiser, made from `tf.keras.optimizers`, with its slots for ``weights``."""
    optimizer = make(tensorflow().keras.optimizers)
    if hasattr(optimizer, "build"):
        optimizer.build(list(weights))
    return optimizer


def forward(model: Any, images: Any, training: bool) -> Any:
    """Logits, shape (n, 10): what the last layer computes before its softmax."""
    values = images
    *hidden, last = model_layers(model)
    for layer in hidden:
        values = call_layer(layer, values, training)
    return last_logits(last, values)


def call_layer(layer: Any, values: Any, training: bool) -> Any:
    """One layer's output; only dropout, batch normalisation and layers that say so know about training."""
    if type(layer).__name__ in ("Dropout", "BatchNormalization") or getattr(layer, "knows_training", False):
        return layer(values, training=training)
    return layer(values)


def last_logits(layer: Any, values: Any) -> Any:
    """The output of the last Dense layer before its softmax."""
    tf = tensorflow()
    kernel, bias = variables([layer.kernel, layer.bias])
    # The same bits as values × kernel; but TensorFlow 2.2 computes its gradient in a quarter of the time.
    return tf.matmul(values, tf.transpose(kernel), transpose_b=True) + bias


def graph(compute: Callable[..., Any]) -> Any:
    """A function compiled to a graph. It must have no Python loops over tensors, whose search takes a second."""
    return tensorflow().function(compute, autograph=False)


def scaled(pixels: Any) -> Any:
    """Pixels as every recipe takes them: / 255, float32."""
    tf = tensorflow()
    return tf.cast(pixels, tf.float32) / 255.0


def scorer(model: Any, input_shape: Tuple[int, ...]) -> Any:
    """A function from images, uint8 (n, 28, 28), to logits, float32 (n, 10), with the model's current weights."""
    tf = tensorflow()

    def compute(pixels: Any) -> Any:
        return forward(model, scaled(pixels), training=False)

    logits = graph(compute)

    def score(images: np.ndarray) -> np.ndarray:
        shaped = images.reshape((len(images), *input_shape))
        parts = [shaped[at : at + SCORED_AT_ONCE] for at in range(0, len(shaped), SCORED_AT_ONCE)]
        return np.concatenate([logits(tf.constant(part)).numpy() for part in parts])

    return score


def save_model(model: Any, path: Path) -> None:
    """Save the whole model, architecture and weights, in the HDF5 format that both versions of Keras read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(str(path), include_optimizer=False, **_quiet_save_arguments())


def _quiet_save_arguments() -> dict[str, str]:
    """The arguments that name the format for Keras 2. Keras 3 takes it from the file name, and would warn."""
    if keras_version().startswith("2."):
        return {"save_format": "h5"}
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    return {}


def _keras_layer(layers: Any, spec: LayerSpec, recipe: Recipe, seed: int) -> Any:
    layer: Layer = spec.layer
    if isinstance(layer, Dense):
        return layers.Dense(layer.units, activation=layer.activation, name=spec.name)
    if isinstance(layer, Conv2D):
        return layers.Conv2D(
            layer.filters, layer.size, padding=layer.padding, activation=layer.activation, name=spec.name
        )
    if isinstance(layer, MaxPooling2D):
        return layers.MaxPooling2D(2, padding=layer.padding, name=spec.name)
    if isinstance(layer, Dropout):
        return layers.Dropout(layer.rate, seed=dropout_seed(recipe.name, seed, spec.name), name=spec.name)
    if isinstance(layer, BatchNormalization):
        return layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, name=spec.name)
    if isinstance(layer, Flatten):
        return layers.Flatten(name=spec.name)
    return layer.keras_layer(layers, spec.name, dropout_seed(recipe.name, seed, spec.name))
