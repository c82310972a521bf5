"""The oracle against numbers worked by hand, and the Keras path against the oracle."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import Constant, Dense
from mnist_repro.recipes.optimizers import Adam
from mnist_repro.recipes.recipe import Scale, Steps
from mnist_repro.reproduction import oracle
from mnist_repro.runs.evaluation import evaluate
from mnist_repro.training.record import Trained
from mnist_repro.training.train import train
from tests.builders.solved import solve

SOFTMAX = ("wheel-softmax", "tf-softmax")
TOLERANCE = 2e-6


def training_slice(recipe: Recipe, dataset: Dataset, images: int) -> Tuple[np.ndarray, np.ndarray]:
    chosen = slice(recipe.validation_images, recipe.validation_images + images)
    return dataset.train_images[chosen], dataset.train_labels[chosen]


def keras_run(recipe: Recipe, dataset: Dataset, scale: Scale, arithmetic: str = "original") -> Trained:
    return train(recipe, dataset, 0, replace(scale, validation_images=0, test_images=100), arithmetic)


def largest_difference(found: np.ndarray, expected: np.ndarray) -> float:
    assert expected.shape == found.shape
    return float(np.max(np.abs(found / expected - 1.0)))


# The other one, tf-softmax in the arithmetic of its source, is followed to its end below.
@pytest.mark.parametrize(
    ("name", "arithmetic"), [("wheel-softmax", "original"), ("wheel-softmax", "framework"), ("tf-softmax", "framework")]
)
def test_keras_agrees_with_the_oracle_on_the_first_100_steps(
    name: str, arithmetic: str, dataset: Dataset, keras_has_epsilon_inside: bool
) -> None:
    recipe = find(name)
    computed = arithmetic if keras_has_epsilon_inside else "original"
    trained = keras_run(recipe, dataset, replace(recipe.full, budget=Steps(100), scored_after=(100,)), arithmetic)
    images, labels = training_slice(recipe, dataset, recipe.full.training_images)
    expected = solve(oracle.calculation(recipe, computed, len(images)), images, labels, 0, 100).losses
    assert largest_difference(trained.step_losses, expected) < TOLERANCE


@pytest.mark.parametrize("name", SOFTMAX)
def test_keras_agrees_with_the_oracle_over_epoch_ends_and_incomplete_batches(name: str, dataset: Dataset) -> None:
    recipe = find(name)
    trained = keras_run(recipe, dataset, recipe.subset)
    images, labels = training_slice(recipe, dataset, recipe.subset.training_images)
    expected = solve(
        oracle.calculation(recipe, "original", len(images)), images, labels, 0, len(trained.step_losses)
    ).losses
    assert largest_difference(trained.step_losses, expected) < TOLERANCE


def test_keras_and_the_oracle_go_the_same_way_and_end_with_the_same_weights_and_score(dataset: Dataset) -> None:
    recipe = find("tf-softmax")
    trained = train(recipe, dataset, 0, recipe.full)
    chosen = oracle.calculation(recipe, "original", recipe.full.training_images, recipe.validation_images)
    solution = solve(chosen, dataset.train_images, dataset.train_labels, 0, 1_000)
    [(kernel, bias)] = trained.weights
    assert largest_difference(trained.step_losses[:100], solution.losses[:100]) < TOLERANCE
    np.testing.assert_allclose(kernel, solution.kernel, rtol=0, atol=5e-6)
    np.testing.assert_allclose(bias, solution.bias, rtol=0, atol=5e-6)
    logits = dataset.test_images.reshape(-1, 784) / 255.0 @ solution.kernel + solution.bias
    assert trained.scores[-1].test.loss == pytest.approx(evaluate(logits, dataset.test_labels).loss, rel=1e-6)


def one_pixel(name: str, batch_size: int = 1) -> Tuple[Recipe, np.ndarray, np.ndarray]:
    """A recipe from zeros, and one image of label 3 with one white pixel, so that a step can be worked by hand."""
    recipe = replace(find(name), layers=(Dense(10, "softmax", kernel=Constant(0.0)),), batch_size=batch_size)
    images = np.zeros((1, 28, 28), dtype=np.uint8)
    images[0, 1, 2] = 255
    return recipe, images, np.array([3], dtype=np.uint8)


def test_a_step_of_gradient_descent_as_worked_by_hand() -> None:
    recipe, images, labels = one_pixel("tf-softmax")
    solution = solve(oracle.calculation(recipe, "original", 1), images, labels, 0, 1)
    assert [pytest.approx(2.302585092994046)] == list(solution.losses)
    # Gradients are 0.1, and 0.1 - 1 at the label; the rate is 0.5.
    expected = np.full(10, -0.05)
    expected[3] = 0.45
    np.testing.assert_allclose(solution.kernel[30], expected, rtol=1e-14)
    np.testing.assert_allclose(solution.bias, expected, rtol=1e-14)
    assert 10 == np.count_nonzero(solution.kernel)


@pytest.mark.parametrize(
    ("arithmetic", "at_label", "elsewhere"),
    [
        # 0.001 · 0.9 / (sqrt(0.1 · 0.81) + 1e-7) and 0.001 · 0.1 / (sqrt(0.1 · 0.01) + 1e-7)
        ("original", 3.1622765490576586e-3, -3.162267660200002e-3),
        # 0.001 · 0.9 / sqrt(0.1 · 0.81 + 1e-7) and 0.001 · 0.1 / sqrt(0.1 · 0.01 + 1e-7)
        ("framework", 3.1622757081469395e-3, -3.162119558142924e-3),
    ],
)
def test_a_step_of_rmsprop_as_worked_by_hand(arithmetic: str, at_label: float, elsewhere: float) -> None:
    recipe, images, labels = one_pixel("wheel-softmax")
    solution = solve(oracle.calculation(recipe, arithmetic, 1), images, labels, 0, 1)
    expected = np.full(10, elsewhere)
    expected[3] = at_label
    np.testing.assert_allclose(solution.kernel[30], expected, rtol=1e-12)
    np.testing.assert_allclose(solution.bias, expected, rtol=1e-12)


def test_pixels_are_fed_as_float32_divided_by_255() -> None:
    fed = oracle.pixel_values(oracle.calculation(find("wheel-softmax"), "original", 60_000))
    assert [0.0, 1.0, 0.003921568859368563] == [fed[0], fed[255], fed[1]]


def test_losses_come_one_by_one_as_they_come_together(dataset: Dataset) -> None:
    recipe = find("wheel-softmax")
    images, labels = training_slice(recipe, dataset, 300)
    chosen = oracle.calculation(recipe, "original", 300)
    one_by_one = list(itertools.islice(oracle.losses_one_by_one(chosen, images, labels, 0), 7))
    assert list(solve(chosen, images, labels, 0, 7).losses) == one_by_one


def test_a_hundred_steps_take_little_time_on_any_number_of_cores(dataset: Dataset) -> None:
    recipe = find("wheel-softmax")

    def used() -> float:
        """Seconds of processor time, of which some more go by where others compute too."""
        started = time.process_time()
        chosen = oracle.calculation(recipe, "original", 60_000)
        solve(chosen, dataset.train_images, dataset.train_labels, 0, 100)
        return time.process_time() - started

    assert any(used() < 0.3 for _ in range(5))


def test_the_oracle_computes_the_softmax_regressions_and_no_other_recipe() -> None:
    assert list(SOFTMAX) == [name for name, recipe in RECIPES.items() if oracle.can_compute(recipe)]


def test_what_the_oracle_cannot_compute_is_refused() -> None:
    wheel = find("wheel-softmax")
    with pytest.raises(ValueError, match="keras-cnn is not a softmax regression"):
        oracle.calculation(find("keras-cnn"), "original", 60_000)
    with pytest.raises(ValueError, match="wheel-softmax is not a softmax regression"):
        oracle.calculation(replace(wheel, optimizer=Adam(1e-3, 0.9, 0.999, 1e-7)), "original", 60_000)
    with pytest.raises(ValueError, match="arithmetic is one of original, framework, not 'Original'"):
        oracle.calculation(wheel, "Original", 60_000)
