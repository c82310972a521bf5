"""The oracle: calculates softmax regressions independently, in NumPy float64, for tests and to recognise drift.

The oracle shares no code with `training.arithmetic` or `training.train`, so that a mistake there is not repeated here.
Only the initial weights and the orders of the images are the same; they come from `training.seeds`.

Pixels are as in the recipes, float32(pixel) / 255 in float32, and everything else is float64. When TensorFlow compiles
the division, it multiplies by the rounded 1/255 instead; this changes the losses by at most 5e-8 relative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Tuple, Union

import numpy as np

from mnist_repro.recipes.layers import Dense, lay_out
from mnist_repro.recipes.optimizers import GradientDescent, RMSprop
from mnist_repro.recipes.recipe import ARITHMETICS, Recipe
from mnist_repro.training.seeds import epoch_order, initial_weights

# Images multiplied at once: so few that BLAS starts no threads, which take 30 times as long on a busy machine.
_AT_ONCE = 32


@dataclass(frozen=True)
class Calculation:
    """All parameters that decide the losses of a softmax regression, from a recipe or from a hypothesis.

    Args:
        name: name of the recipe, which seeds weights and orders.
        layer: the only layer.
        optimizer: the update rule.
        epsilon_inside_root: if true, RMSprop divides by sqrt(v + epsilon), else by sqrt(v) + epsilon.
        batch_size: images per step.
        first_image: index of the first training image.
        training_images: number of training images.
        divisor: divisor of the pixels.
        pixel_type: type to which the divided pixels are rounded, ``float16`` or ``float32``.
        shuffled: ``each epoch``, ``once`` for all epochs, or ``never``: then in the order of the files.
        incomplete_batch: if true, a smaller last batch of an epoch is trained on, else it is dropped.
        bias_trained: if false, the bias keeps its initial value.
    """

    name: str
    layer: Dense
    optimizer: Union[GradientDescent, RMSprop]
    epsilon_inside_root: bool
    batch_size: int
    first_image: int
    training_images: int
    divisor: float = 255.0
    pixel_type: str = "float32"
    shuffled: str = "each epoch"
    incomplete_batch: bool = True
    bias_trained: bool = True


def can_compute(recipe: Recipe) -> bool:
    """Whether the oracle can compute this recipe."""
    known = recipe.input_shape == (784,) and isinstance(recipe.optimizer, (GradientDescent, RMSprop))
    return recipe.is_softmax_regression and known


def calculation(recipe: Recipe, arithmetic: str, training_images: int, first_image: int = 0) -> Calculation:
    """The calculation of a recipe.

    Args:
        recipe: a softmax regression.
        arithmetic: ``original``, or ``framework`` for Keras 3's, also if another framework is installed.
        training_images: number of training images.
        first_image: index of the first training image.

    Raises:
        ValueError: the recipe is no softmax regression, or there is no such arithmetic.
    """
    layer, optimizer = recipe.layers[-1], recipe.optimizer
    if not (can_compute(recipe) and isinstance(layer, Dense)):
        raise ValueError(f"{recipe.name} is not a softmax regression, which is all the oracle computes")
    if not isinstance(optimizer, (GradientDescent, RMSprop)):
        raise ValueError(f"the oracle has no {type(optimizer).__name__}")
    if arithmetic not in ARITHMETICS:
        raise ValueError(f"arithmetic is one of {', '.join(ARITHMETICS)}, not {arithmetic!r}")
    inside = arithmetic == "framework" and isinstance(optimizer, RMSprop)
    return Calculation(recipe.name, layer, optimizer, inside, recipe.batch_size, first_image, training_images)


def losses_one_by_one(chosen: Calculation, images: np.ndarray, labels: np.ndarray, seed: int) -> Iterator[float]:
    """The losses of an endless training, step by step, so that a caller can stop at the first difference."""
    regression = SoftmaxRegression(chosen, images, labels, seed)
    while True:
        yield regression.step()


class SoftmaxRegression:
    """One softmax regression in training.

    Args:
        chosen: the calculation.
        images: all training images, uint8 (n, 28, 28); ``chosen`` selects those to train on.
        labels: labels of the images, integers (n,).
        seed: seed of initial weights and orders.
    """

    def __init__(self, chosen: Calculation, images: np.ndarray, labels: np.ndarray, seed: int) -> None:
        trained_on = slice(chosen.first_image, chosen.first_image + chosen.training_images)
        self._images = images[trained_on].reshape(-1, 784)
        self._labels = labels[trained_on]
        self._seed = seed
        self._chosen = chosen
        self._value_of_pixel = pixel_values(chosen)
        [(kernel, bias)] = initial_weights(chosen.name, lay_out((chosen.layer,), (784,)), seed)
        self.kernel, self.bias = kernel.astype(np.float64), bias.astype(np.float64)
        self._squares = np.zeros_like(self.kernel), np.zeros_like(self.bias)
        self._order = np.empty(0, dtype=np.int32)
        self._done = 0

    def step(self) -> float:
        """Train one step; return the mean cross-entropy of its batch before the update, in nats."""
        pixels, labels = self._next_batch()
        logits = product(pixels, self.kernel) + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        exponentials = np.exp(logits)
        totals = exponentials.sum(axis=1)
        image = np.arange(len(labels))
        loss = float(np.mean(np.log(totals) - logits[image, labels]))
        errors = exponentials / totals[:, np.newaxis]
        errors[image, labels] -= 1.0
        errors /= len(labels)
        self._move(self.kernel, self._squares[0], outer_sum(pixels, errors))
        if self._chosen.bias_trained:
            self._move(self.bias, self._squares[1], errors.sum(axis=0))
        return loss

    def _next_batch(self) -> Tuple[np.ndarray, np.ndarray]:
        """Pixels, float64 (b, 784), and labels (b,) of the next step."""
        images, size = len(self._images), self._chosen.batch_size
        per_epoch = images // size
        if self._chosen.incomplete_batch and images % size:
            per_epoch += 1
        epoch, at = divmod(self._done, per_epoch)
        if at == 0:
            self._order = self._order_of(epoch, images)
        self._done += 1
        batch = self._order[at * size : (at + 1) * size]
        return self._value_of_pixel[self._images[batch]], self._labels[batch]

    def _order_of(self, epoch: int, images: int) -> np.ndarray:
        """The order in which an epoch takes its images, (images,)."""
        if self._chosen.shuffled == "never":
            return np.arange(images)
        return epoch_order(self._chosen.name, self._seed, 0 if self._chosen.shuffled == "once" else epoch, images)

    def _move(self, weight: np.ndarray, square: np.ndarray, gradient: np.ndarray) -> None:
        """Move ``weight``, and RMSprop's moving ``square``, by ``gradient``, in place."""
        rule = self._chosen.optimizer
        if isinstance(rule, GradientDescent):
            weight -= rule.learning_rate * gradient
            return
        square *= rule.rho
        square += (1.0 - rule.rho) * gradient**2
        inside, outside = (rule.epsilon, 0.0) if self._chosen.epsilon_inside_root else (0.0, rule.epsilon)
        weight -= rule.learning_rate * gradient / (np.sqrt(square + inside) + outside)


def product(pixels: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """``pixels @ kernel``, (b, 10)."""
    return np.concatenate([pixels[at : at + _AT_ONCE] @ kernel for at in range(0, len(pixels), _AT_ONCE)])


def outer_sum(pixels: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """``pixels.T @ errors``, (784, 10)."""
    total = np.zeros((pixels.shape[1], errors.shape[1]))
    for at in range(0, len(pixels), _AT_ONCE):
        total += pixels[at : at + _AT_ONCE].T @ errors[at : at + _AT_ONCE]
    return total


def pixel_values(chosen: Calculation) -> np.ndarray:
    """The input value for each of the 256 pixel values, float64 (256,)."""
    values = np.arange(256, dtype=np.float32) / np.float32(chosen.divisor)
    return np.asarray(values.astype(chosen.pixel_type), dtype=np.float64)
