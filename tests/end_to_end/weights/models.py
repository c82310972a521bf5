"""A recipe's model as we run it, and as a user of Keras would write it: the same questions to both."""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Protocol, Tuple, Type

import numpy as np

from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D, Weights
from mnist_repro.recipes.optimizers import GradientDescent
from mnist_repro.runs.evaluation import cross_entropies
from mnist_repro.training import framework
from mnist_repro.training.model import Feed, Training
from mnist_repro.weights import param_hdf5 as weights

# Small enough that the rounding of batch normalisation's sums, 1e-6 of the loss, is not amplified by the step.
RATE = 0.003


class Model(Protocol):
    """A model with its weights."""

    def arrays(self) -> Tuple[np.ndarray, ...]:
        """Every weight, in the order of the layers."""

    def predictions(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities, shape (n, 10), of images, uint8 (n, 28, 28)."""

    def losses(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Losses of two training steps on one batch without dropout, and of the batch afterwards; shape (3,)."""


@dataclass(frozen=True, eq=False)
class OurModel:
    """The model that `train` trains and `estimate` scores."""

    recipe: Recipe
    weights: Weights

    def arrays(self) -> Tuple[np.ndarray, ...]:
        return tuple(array for layer in self.weights for array in layer)

    def predictions(self, images: np.ndarray) -> np.ndarray:
        model = framework.build(self.recipe)
        framework.set_weights(model, self.weights)
        return softmax(framework.scorer(model, self.recipe.input_shape)(images))

    def losses(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        # Steps with our own arithmetic; what they leave behind with the framework's, as Keras knows no zero-debiasing.
        steps, _ = self._steps(images, labels, original=True)
        _, after = self._steps(images, labels, original=False)
        return np.array([*steps, after])

    def _steps(self, images: np.ndarray, labels: np.ndarray, original: bool) -> Tuple[List[float], float]:
        layers = tuple(Dropout(0.0) if isinstance(layer, Dropout) else layer for layer in self.recipe.layers)
        recipe = dataclasses.replace(self.recipe, layers=layers, optimizer=GradientDescent(RATE))
        training = Training(recipe, 0, original, Feed(images, labels, recipe.input_shape, len(images)))
        framework.set_weights(training.model, self.weights)
        order = np.arange(len(images), dtype=np.int32)
        steps = [float(training.run(order, 0, 1)[0][0]) for _ in range(2)]
        logits = framework.scorer(training.model, recipe.input_shape)(images)
        return steps, float(cross_entropies(logits, labels).mean())


@dataclass(frozen=True, eq=False)
class KerasModel:
    """The model as a user of some Keras would write it, by that Keras' own means only."""

    keras: Any
    recipe: Recipe
    model: Any

    def arrays(self) -> Tuple[np.ndarray, ...]:
        return tuple(np.asarray(array) for layer in self.model.layers for array in layer.get_weights())

    def predictions(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict(self.scaled(images), batch_size=1000, verbose=0))

    def losses(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        for layer in self.model.layers:
            if type(layer).__name__ == "Dropout":
                layer.rate = 0.0
        optimizer = self.keras.optimizers.SGD(learning_rate=RATE)
        self.model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
        steps = []
        for _ in range(2):
            # Since Keras 2.4 the loss returned is a mean over the steps since the last reset.
            self.model.reset_metrics()
            steps.append(float(self.model.train_on_batch(self.scaled(images), labels.astype(np.int32))))
        after = self.predictions(images).astype(np.float64)[np.arange(len(labels)), labels]
        return np.array([*steps, -np.log(after).mean()])

    def scaled(self, images: np.ndarray) -> np.ndarray:
        shaped = images.reshape((len(images), *self.recipe.input_shape))
        return np.asarray(shaped.astype(np.float32) / np.float32(255.0))


def written_by_hand(keras: Any, recipe: Recipe) -> KerasModel:
    """The recipe in Keras' layers, initialised by Keras and named by Keras, which counts all layers of a process."""
    layers = [keras.Input(shape=recipe.input_shape), *(_keras_layer(keras.layers, layer) for layer in recipe.layers)]
    return KerasModel(keras, recipe, keras.Sequential(layers))


def read_by_us(recipe: Recipe, path: Path) -> Model:
    return OurModel(recipe, weights.read(path, weights.identify(path, recipe.name)))


def read_by_keras(name: str) -> Callable[[Recipe, Path], Model]:
    """`load_weights` of the Keras called ``tensorflow-2.2.0``, ``keras-3`` or ``tf_keras``."""

    def read(recipe: Recipe, path: Path) -> Model:
        read_into = written_by_hand(keras_called(name), recipe)
        read_into.model.load_weights(str(path))
        return read_into

    return read


READERS = {
    "ours": read_by_us,
    "tensorflow-2.2.0": read_by_keras("tensorflow-2.2.0"),
    "keras-3": read_by_keras("keras-3"),
    "tf_keras": read_by_keras("tf_keras"),
}


def keras_called(name: str) -> Any:
    """The Keras of that name in this environment, which must be what it is called."""
    tensorflow = framework.tensorflow()
    keras = importlib.import_module("tf_keras") if name == "tf_keras" else tensorflow.keras
    versions = {"tensorflow-2.2.0": tensorflow.__version__ == "2.2.0", "keras-3": keras.__version__.startswith("3.")}
    if not versions.get(name, keras.__version__.startswith("2.")):
        raise RuntimeError(f"{name} is TensorFlow {tensorflow.__version__} with Keras {keras.__version__} here")
    return keras


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, float64."""
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _keras_layer(layers: Any, layer: Layer) -> Any:
    makers: Dict[Type[Any], Callable[[Any], Any]] = {
        Dense: lambda it: layers.Dense(it.units, activation=it.activation),
        Conv2D: lambda it: layers.Conv2D(it.filters, it.size, padding=it.padding, activation=it.activation),
        MaxPooling2D: lambda it: layers.MaxPooling2D(padding=it.padding),
        Dropout: lambda it: layers.Dropout(it.rate),
        BatchNormalization: lambda it: layers.BatchNormalization(momentum=it.momentum, epsilon=it.epsilon),
        Flatten: lambda it: layers.Flatten(),
    }
    return makers[type(layer)](layer)
