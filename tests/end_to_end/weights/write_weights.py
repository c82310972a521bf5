"""Trains all recipes and leaves their weights, and what this environment makes of them, for other environments.

Usage: python -m tests.end_to_end.weights.write_weights newest|tf220, with MNIST_REPRO_WEIGHTS_FOLDER saying where.
"""

from __future__ import annotations

import sys
import time
from typing import Callable, Dict, List

import numpy as np

from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.recipes import RECIPES, Recipe
from mnist_repro.training import framework
from mnist_repro.training.train import train
from mnist_repro.weights import param_hdf5 as weights
from tests.end_to_end.weights.exchange import (
    PREDICTED_IMAGES,
    STEP_IMAGES,
    Expected,
    begin,
    keep,
    model_file,
    weights_file,
)
from tests.end_to_end.weights.models import KerasModel, Model, OurModel, keras_called, written_by_hand

EPOCHS_BY_HAND = 2


def write_ours(writer: str, recipe: Recipe, dataset: Dataset) -> Model:
    """Trained and written by us."""
    trained = train(recipe, dataset, 0, recipe.subset)
    weights.write(weights_file(writer, recipe.name), recipe, trained.weights)
    framework.save_model(trained.model, model_file(writer, recipe.name))
    return OurModel(recipe, trained.weights)


def write_by_keras(writer: str, recipe: Recipe, dataset: Dataset) -> Model:
    """Trained by Keras' own `fit` and written by its `save_weights`, without anything of ours."""
    keras = keras_called(writer)
    made = written_by_hand(keras, recipe)
    fit(made, dataset)
    path = weights_file(writer, recipe.name)
    path.parent.mkdir(parents=True)
    made.model.save_weights(str(path))
    made.model.save(str(model_file(writer, recipe.name)))
    return made


def fit(made: KerasModel, dataset: Dataset) -> None:
    """Some epochs of the subset with Keras' own optimiser."""
    recipe = made.recipe
    name = {"GradientDescent": "SGD"}.get(type(recipe.optimizer).__name__, type(recipe.optimizer).__name__)
    optimizer = getattr(made.keras.optimizers, name)(**vars(recipe.optimizer))
    made.model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    count = recipe.subset.training_images
    images, labels = made.scaled(dataset.train_images[:count]), dataset.train_labels[:count].astype(np.int32)
    made.model.fit(images, labels, epochs=EPOCHS_BY_HAND, batch_size=recipe.batch_size, verbose=0)


Write = Callable[[str, Recipe, Dataset], Model]
WRITERS: Dict[str, Dict[str, Write]] = {
    "newest": {"ours-newest": write_ours},
    "tf220": {"tensorflow-2.2.0": write_by_keras, "ours-tf220": write_ours},
}


def main(arguments: List[str]) -> None:
    """Write everything that this environment is to write."""
    keras_called({"newest": "keras-3", "tf220": "tensorflow-2.2.0"}[arguments[0]])
    tf = framework.tensorflow()
    tf.random.set_seed(0)
    dataset = locate.load()
    sys.stdout.write(f"{describe(dataset)}\n")
    for writer, write in WRITERS[arguments[0]].items():
        begin(writer, dataset, f"TensorFlow {tf.__version__}, Keras {framework.keras_version()}")
        for recipe in RECIPES.values():
            started = time.monotonic()
            model = write(writer, recipe, dataset)
            keep(writer, recipe.name, questioned(model, dataset))
            sys.stdout.write(f"{writer}: {recipe.name} in {time.monotonic() - started:.1f} s\n")


def questioned(model: Model, dataset: Dataset) -> Expected:
    """What the model says of itself; the step comes last, as it changes the model."""
    arrays, predictions = model.arrays(), model.predictions(dataset.test_images[:PREDICTED_IMAGES])
    batch = slice(0, STEP_IMAGES)
    return Expected(arrays, predictions, model.losses(dataset.test_images[batch], dataset.test_labels[batch]))


if __name__ == "__main__":
    main(sys.argv[1:])
