"""Keras' example is what the blog that ran it published."""

from __future__ import annotations

from mnist_repro.recipes.keras_example import KERAS_CNN
from mnist_repro.recipes.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from mnist_repro.recipes.optimizers import Adadelta
from mnist_repro.recipes.recipe import Epochs
from tests.builders.recipe_facts import Facts, facts


def test_the_convolutional_network() -> None:
    assert Facts(
        layers=(
            *(Conv2D(32, 3, "valid", "relu"), Conv2D(64, 3, "valid", "relu"), MaxPooling2D(), Dropout(0.25), Flatten()),
            *(Dense(128, "relu"), Dropout(0.5), Dense(10, "softmax")),
        ),
        parameters=1_199_882,
        images=(60_000, 0, 10_000),
        optimizer=Adadelta(learning_rate=1.0, rho=0.95, epsilon=1e-7),
        batch_size=128,
        budget=Epochs(1),
        figures=((1, 0.059171129403682424, 0.9812),),
    ) == facts(KERAS_CNN)


def test_what_it_printed_besides() -> None:
    [published] = KERAS_CNN.published

    assert ((0.2654,), (0.9184,)) == (published.training_loss, published.training_accuracy)
    assert (5, 0, 4, 1, 9, 2, 1, 3, 1, 4) == published.first_predictions
