"""The peer of the benchmark: a recipe trained the tutorial's own way, with plain Keras layers and `model.fit`.

As the WHEEL page and the Keras examples have it: images as float32 rows, one-hot labels, `fit` with the test images as
validation data after each epoch, then `evaluate` and the weights in a file. Threads, batch order and initial weights
are Keras' own. One line an epoch instead of a progress bar, which is the faster of the two.

Examples:
  python benchmarks/tutorial.py wheel-softmax mnist.npz
  python benchmarks/tutorial.py keras-cnn mnist.npz --fits 2
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

if TYPE_CHECKING:
    from mnist_repro.recipes import Recipe
    from mnist_repro.recipes.layers import Layer
    from mnist_repro.recipes.recipe import Scale

CHECKOUT = Path(__file__).resolve().parents[1]
RECIPES = ("wheel-softmax", "keras-cnn", "vgg7", "vgg7-bn")
EPOCH_LINES = 2
CLASSES = 10


def parser() -> argparse.ArgumentParser:
    """The command line of this script."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("recipe", choices=RECIPES, help="whose layers, optimiser, batch size and epochs to take")
    made.add_argument("data", type=Path, help="mnist.npz as Keras keeps it")
    made.add_argument("--scale", choices=("full", "subset"), default="full", help="(default: %(default)s)")
    made.add_argument("--fits", type=int, default=1, help="fits in a row (default: %(default)s)")
    return made


def main(arguments: Optional[List[str]] = None) -> None:
    """Fit, evaluate, leave the weights of each fit in the working folder."""
    from mnist_repro.recipes import find

    parsed = parser().parse_args(arguments)
    recipe = find(parsed.recipe)
    scale = recipe.scale(parsed.scale)
    train, test = load(parsed.data, recipe, scale)
    for number in range(parsed.fits):
        model = build(recipe)
        model.fit(
            *train,
            batch_size=recipe.batch_size,
            epochs=scale.budget.count,
            verbose=EPOCH_LINES,
            validation_data=test,
        )
        loss, accuracy = model.evaluate(*test, verbose=0)
        print(f"Test loss: {loss}\nTest accuracy: {accuracy}")
        # Under this name both Kerases write HDF5.
        model.save_weights(f"param-{number}.weights.h5")


def load(data: Path, recipe: Recipe, scale: Scale) -> Tuple[Any, Any]:
    """Training and test images, float32, each with its one-hot labels."""
    import numpy as np
    import tensorflow as tf

    parts = []
    with np.load(str(data), allow_pickle=False) as arrays:
        for part, count in (("train", scale.training_images), ("test", scale.test_images)):
            images = arrays[f"x_{part}"][:count].reshape((count, *recipe.input_shape)).astype("float32") / 255
            parts.append((images, tf.keras.utils.to_categorical(arrays[f"y_{part}"][:count], CLASSES)))
    return parts[0], parts[1]


def build(recipe: Recipe) -> Any:
    """The recipe's model, compiled with Keras' own optimiser."""
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input(shape=recipe.input_shape)])
    for layer in recipe.layers:
        model.add(keras_layer(tf.keras.layers, layer))
    optimizer = getattr(tf.keras.optimizers, type(recipe.optimizer).__name__)
    model.compile(
        loss="categorical_crossentropy",
        optimizer=optimizer(**vars(recipe.optimizer)),
        metrics=["accuracy"],
    )
    return model


def keras_layer(layers: Any, layer: Layer) -> Any:
    """A layer of Keras' own; those of `RECIPES` start as Keras' defaults do."""
    from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, MaxPooling2D

    if isinstance(layer, Dense):
        return layers.Dense(layer.units, activation=layer.activation)
    if isinstance(layer, Conv2D):
        return layers.Conv2D(layer.filters, layer.size, padding=layer.padding, activation=layer.activation)
    if isinstance(layer, MaxPooling2D):
        return layers.MaxPooling2D(2, padding=layer.padding)
    if isinstance(layer, Dropout):
        return layers.Dropout(layer.rate)
    if isinstance(layer, BatchNormalization):
        return layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)
    return layers.Flatten()


if __name__ == "__main__":
    # A script finds its own folder, not the checkout around it.
    sys.path.insert(0, str(CHECKOUT))
    main()
