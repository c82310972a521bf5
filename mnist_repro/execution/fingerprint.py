"""Takes a recipe's fingerprint in seconds: its first steps, all its training input, and the score of given weights.

The fingerprint does not use a recipe's declared values or the source code: each part calls the same code that trains,
saves, loads and scores.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple, Union

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution import components
from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import BatchNormalization, LayerSpec, Weights, lay_out
from mnist_repro.recipes.recipe import Scale, Steps
from mnist_repro.runs.run_json import WEIGHTS
from mnist_repro.training import framework
from mnist_repro.training.model import make_feed, stepper
from mnist_repro.training.seeds import Stream
from mnist_repro.training.train import ordered_segments, train
from mnist_repro.weights import param_hdf5

SEED = 0
# Not the seed of `walk`: else code that uses 0 for every seed would not be noticed.
SHORT_SEED = 1
# A prime modulus, so that any number of row sums fits into int64.
_MODULUS = 2**31 - 1
_WEIGHT_BITS = 20

Value = Union[int, float]


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a recipe on a platform: named values, in the order in which to look for a difference.

    Args:
        exact: counts and checksums that must be equal.
        losses: losses and shares of images, which may differ by rounding.
    """

    exact: Dict[str, int]
    losses: Dict[str, float]


def take(recipe: Recipe, dataset: Dataset, arithmetic: str) -> Fingerprint:
    """Take the fingerprint of a recipe: train, feed and score with the current code."""
    exact: Dict[str, int] = {}
    losses: Dict[str, float] = {}
    for name, value in (
        *walk(recipe, dataset),
        *evaluation(recipe, dataset),
        *first_steps(recipe, dataset, arithmetic),
    ):
        if isinstance(value, int):
            exact[name] = value
        else:
            losses[name] = value
    return Fingerprint(exact, losses)


def short_scale(recipe: Recipe) -> Scale:
    """A training of some seconds: two epochs that end with an incomplete batch, and one step more.

    It is not longer, because in CNNs rounding grows from step to step and would soon hide the effect of a bug.
    """
    batches = 8 if recipe.is_softmax_regression else 1
    images = batches * recipe.batch_size + recipe.batch_size // 2
    per_epoch = batches + 1
    steps = 2 * per_epoch + 1
    return Scale(images, 0, 500, Steps(steps, report_every=per_epoch), scored_after=(per_epoch, steps))


def first_steps(recipe: Recipe, dataset: Dataset, arithmetic: str) -> Iterator[Tuple[str, Value]]:
    """The loss of every step of a short training, and the printed line and the score after its first epoch."""
    trained = train(recipe, dataset, SHORT_SEED, short_scale(recipe), arithmetic)
    for at, loss in enumerate(trained.step_losses, start=1):
        yield f"loss of step {at}", float(loss)
    printed = next(line.loss for line in trained.lines if line.loss is not None)
    yield "training loss of the first short epoch", printed
    yield "test loss after the first short epoch", trained.scores[0].test.loss


def walk(recipe: Recipe, dataset: Dataset) -> Iterator[Tuple[str, Value]]:
    """Counts and checksums of everything that the full budget would feed, without training."""
    tf = framework.tensorflow()
    scale = recipe.full
    pixels = int(np.prod(recipe.input_shape))
    run = stepper(make_feed(recipe, dataset, scale), _checksums(pixels, recipe.batch_size), (tf.int64,) * 3)
    steps = images = last = 0
    image_sum = label_sum = 0
    for segment, order in ordered_segments(recipe, scale, SEED):
        sizes, image_sums, label_sums = run(order, segment.first, segment.steps)
        steps += len(sizes)
        images += int(sizes.sum())
        last = int(sizes[-1])
        for ours, theirs in zip(image_sums.tolist(), label_sums.tolist()):
            # The checksum depends on the order of the steps.
            image_sum = (image_sum * 31 + ours) % _MODULUS
            label_sum = (label_sum * 31 + theirs) % _MODULUS
    yield "steps of the whole budget", steps
    yield "images fed in the whole budget", images
    yield "images in the last batch", last
    yield "checksum of the labels fed", label_sum
    yield "checksum of the images fed", image_sum


def evaluation(recipe: Recipe, dataset: Dataset) -> Iterator[Tuple[str, Value]]:
    """The score of given weights after they have been saved and loaded."""
    with tempfile.TemporaryDirectory(prefix="mnist-repro-") as folder:
        file = Path(folder) / WEIGHTS
        param_hdf5.write(file, recipe, given_weights(recipe))
        found = components.estimate(file, recipe, dataset, recipe.full.test_images)
    yield "test images scored", found.right + found.wrong
    yield "right with given weights", found.right
    for label, row in enumerate(found.confusion):
        yield f"checksum of predictions for label {label}", sum(count * 11**at for at, count in enumerate(row))
    yield "test loss with given weights", found.loss


def given_weights(recipe: Recipe) -> Weights:
    """Weights from a fixed seed, moving statistics included; no weight equals the initial weight of its layer."""
    return tuple(_given(recipe, spec) for spec in lay_out(recipe.layers, recipe.input_shape))


def _given(recipe: Recipe, spec: LayerSpec) -> Tuple[np.ndarray, ...]:
    arrays = []
    for weight in spec.weights:
        drawn = Stream(recipe.name, SEED, f"given {weight.name}").uniform(int(np.prod(weight.shape))) * 2.0 - 1.0
        if isinstance(spec.layer, BatchNormalization):
            values = 1.0 + drawn / 2.0  # a variance must be positive
        else:
            values = drawn * np.sqrt(6.0 / sum(weight.fan))
        arrays.append(values.reshape(weight.shape).astype(np.float32))
    return tuple(arrays)


def _checksums(pixels: int, batch_size: int) -> Any:
    """A step without training: the number of images, a checksum of their bits, and a checksum of the labels."""
    tf = framework.tensorflow()
    most = 4 * batch_size
    columns = _odd("columns", pixels)
    rows = _odd("rows", most)

    def step(images: Any, labels: Any) -> Tuple[Any, ...]:
        count = tf.shape(labels)[0]
        flat = tf.cast(tf.reshape(images, [count, -1]), tf.float32)
        bits = tf.cast(tf.bitcast(flat, tf.int32), tf.int64)
        of_images = tf.math.floormod(tf.reduce_sum(bits * columns, axis=1), _MODULUS)
        of_labels = tf.cast(labels, tf.int64) + 1
        return (
            tf.cast(count, tf.int64),
            tf.math.floormod(tf.reduce_sum(of_images * rows[:count]), _MODULUS),
            tf.math.floormod(tf.reduce_sum(of_labels * rows[:count]), _MODULUS),
        )

    return step


def _odd(purpose: str, count: int) -> Any:
    """Odd weights below 2**20, int64. With them, a change of one value or of the order changes the sum."""
    raw = Stream("fingerprint", SEED, purpose).raw(count) >> np.uint64(64 - _WEIGHT_BITS)
    return framework.tensorflow().constant((raw | np.uint64(1)).astype(np.int64))
