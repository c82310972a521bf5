"""TensorFlow 1's two tutorials are what a manual reprinted of them."""

from __future__ import annotations

from mnist_repro.recipes.layers import Constant, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, TruncatedNormal
from mnist_repro.recipes.optimizers import Adam, GradientDescent
from mnist_repro.recipes.recipe import Steps
from mnist_repro.recipes.tensorflow_tutorials import TF_CNN, TF_SOFTMAX
from tests.builders.recipe_facts import Facts, facts

START = (TruncatedNormal(0.1), Constant(0.1))


def test_the_beginners_tutorial() -> None:
    assert Facts(
        layers=(Dense(10, "softmax", Constant(0.0), Constant(0.0)),),
        parameters=7_850,
        images=(55_000, 5_000, 10_000),
        optimizer=GradientDescent(learning_rate=0.5),
        batch_size=100,
        budget=Steps(1_000),
        figures=((1_000, None, 0.915),),
    ) == facts(TF_SOFTMAX)
    [published] = TF_SOFTMAX.published
    assert (9_150, 850, {"accuracy": 0.9163}) == (published.right, published.wrong, dict(published.also_printed))


def test_the_experts_tutorial() -> None:
    assert Facts(
        layers=(
            *(Conv2D(32, 5, "same", "relu", *START), MaxPooling2D("same")),
            *(Conv2D(64, 5, "same", "relu", *START), MaxPooling2D("same"), Flatten()),
            *(Dense(1024, "relu", *START), Dropout(0.5), Dense(10, "softmax", *START)),
        ),
        parameters=3_274_634,
        images=(55_000, 5_000, 10_000),
        optimizer=Adam(learning_rate=0.0001, beta_1=0.9, beta_2=0.999, epsilon=1e-8),
        batch_size=100,
        budget=Steps(2_000),
        figures=((2_000, None, 0.9795),),
    ) == facts(TF_CNN)
    [published] = TF_CNN.published
    assert (
        *(0.17, 0.81, 0.93, 0.89, 0.92, 0.95, 0.99, 0.98, 0.93, 0.94),
        *(0.97, 0.95, 0.97, 0.99, 0.95, 0.98, 0.97, 0.96, 0.98, 0.97),
    ) == published.batch_accuracy


def test_the_first_training_images_are_held_out() -> None:
    assert (5_000, 5_000) == (TF_SOFTMAX.validation_images, TF_CNN.validation_images)
