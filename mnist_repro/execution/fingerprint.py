"""Takes a recipe's fingerprint in seconds: its first steps, all steps in miniature, all it is fed, and given weights.

The fingerprint does not use a recipe's declared values or the source code: each part calls the same code that trains,
saves, loads and scores.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Union

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import components, trained_model
from mnist_repro.execution.components import Assignment
from mnist_repro.files.atomic import write_text
from mnist_repro.files.json import json_text, read_json
from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Layer, LayerSpec, Weights, WeightSpec, lay_out
from mnist_repro.recipes.recipe import Scale, Steps
from mnist_repro.runs.run_json import MODEL, WEIGHTS
from mnist_repro.training import framework
from mnist_repro.training.model import make_feed, stepper
from mnist_repro.training.provenance import provenance
from mnist_repro.training.record import Trained
from mnist_repro.training.seeds import Stream
from mnist_repro.training.train import ordered_segments, train
from mnist_repro.weights import param_hdf5

SCHEMA = 1
FILE = "fingerprint.json"
SEED = 0
# Not the seed of `walk`: else code that uses 0 for every seed would not be noticed.
SHORT_SEED = 1
# A prime modulus, so that any number of row sums fits into int64.
_MODULUS = 2**31 - 1
_WEIGHT_BITS = 20
# Images per step of a miniature.
_FEW_IMAGES = 8

Value = Union[int, float]


@dataclass(frozen=True)
class TakenFingerprint:
    """A fingerprint: named values, in the order in which to look for a difference.

    Args:
        recipe: name of the recipe.
        dataset: name of the dataset.
        arithmetic: ``original`` or ``framework``.
        exact: counts and checksums that must be equal.
        losses: losses and shares of images, which may differ by rounding.
        provenance: the environment in which it was taken.
    """

    recipe: str
    dataset: str
    arithmetic: str
    exact: Mapping[str, int]
    losses: Mapping[str, float]
    provenance: Mapping[str, Any]


def write(taken: TakenFingerprint, folder: Path) -> None:
    """Write a fingerprint into ``folder`` for `read`.

    Raises:
        BadInput: the folder cannot be written.
    """
    write_text(folder / FILE, json_text({"schema": SCHEMA, **asdict(taken)}))


def read(folder: Path) -> TakenFingerprint:
    """The fingerprint that `write` left in ``folder``."""
    fields = read_json(folder / FILE, SCHEMA, "fingerprint", "take it again")
    del fields["schema"]
    losses = {name: float(value) for name, value in fields["losses"].items()}
    return TakenFingerprint(**{**fields, "losses": losses})


def take(recipe: Recipe, dataset: Dataset, arithmetic: str) -> TakenFingerprint:
    """Take the fingerprint of a recipe: train, feed and score with the current code."""
    started = time.monotonic()
    exact: Dict[str, int] = {}
    losses: Dict[str, float] = {}
    for name, value in (
        *walk(recipe, dataset),
        *evaluation(recipe, dataset),
        *first_steps(recipe, dataset, arithmetic),
        *whole_budget(recipe, dataset, arithmetic),
    ):
        if isinstance(value, int):
            exact[name] = value
        else:
            losses[name] = value
    here = provenance(time.monotonic() - started)
    return TakenFingerprint(recipe.name, dataset.name, arithmetic, exact, losses, here)


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
    """The losses, the printed line and the score of a short training, its variables, and what its files give back."""
    scale = short_scale(recipe)
    trained = train(recipe, dataset, SHORT_SEED, scale, arithmetic)
    for at, loss in enumerate(trained.step_losses, start=1):
        yield f"loss of step {at}", float(loss)
    printed = next(line.loss for line in trained.lines if line.loss is not None)
    yield "training loss of the first short epoch", printed
    yield "test loss after the first short epoch", trained.scores[0].test.loss
    yield from _variables(recipe, trained, "the short training")
    with tempfile.TemporaryDirectory(prefix="mnist-repro-") as folder:
        assignment = Assignment(recipe, SHORT_SEED, arithmetic=arithmetic)
        run = components.as_run(assignment, dataset, scale, trained)
        components.save(Path(folder), assignment, scale, trained, run)
        held = _values(trained.model)
        for file in (WEIGHTS, MODEL):
            yield f"values that {file} does not give back", _lost(Path(folder) / file, recipe, held)


def whole_budget(recipe: Recipe, dataset: Dataset, arithmetic: str) -> Iterator[Tuple[str, Value]]:
    """The results of every step of the published budget, by the recipe's miniature."""
    small = miniature(recipe)
    trained = train(small, dataset, SHORT_SEED, small.full, arithmetic)
    yield "steps trained in the whole budget", len(trained.step_losses)
    printed = [line.loss for line in trained.lines if line.loss is not None]
    yield "training loss at the end of the whole budget", printed[-1]
    yield "test loss after the whole budget", trained.scores[-1].test.loss
    yield from _variables(small, trained, "the whole budget")


def miniature(recipe: Recipe) -> Recipe:
    """A recipe that takes all steps of the full budget in seconds, with the same optimiser, epochs, lines and scores.

    Softmax recipes are their own miniature. Other recipes keep the first layer of each kind, made narrow and linear,
    and take a few images per step: in such a model rounding hardly grows, unlike in the recipe's own.
    """
    if recipe.is_softmax_regression:
        return recipe
    *hidden, last = recipe.layers
    kept: Dict[Any, Layer] = {}
    for layer in hidden:
        # Dropout of another rate is another kind.
        kept.setdefault((type(layer), getattr(layer, "rate", None)), _narrow(layer))
    images = recipe.full.training_images * _FEW_IMAGES // recipe.batch_size
    scale = replace(recipe.full, training_images=images, validation_images=0, test_images=500)
    # First, where the moving statistics are those of the pixels: elsewhere rounding grows from step to step.
    layers = sorted(kept.values(), key=lambda layer: not isinstance(layer, BatchNormalization))
    return replace(recipe, layers=(*layers, last), batch_size=_FEW_IMAGES, full=scale)


def _narrow(layer: Layer) -> Layer:
    if isinstance(layer, Conv2D):
        return replace(layer, filters=2, activation="linear")
    return replace(layer, units=8, activation="linear") if isinstance(layer, Dense) else layer


def _variables(recipe: Recipe, trained: Trained, training: str) -> Iterator[Tuple[str, Value]]:
    """For every variable, trained or not: the root mean square of its distance from given random numbers.

    For trained variables these are large, so that a change of some 1e-4 can be seen, and rounding cannot.
    """
    weights = [weight for spec in lay_out(recipe.layers, recipe.input_shape) for weight in spec.weights]
    for weight, value in zip(weights, _values(trained.model)):
        given = (16.0 if weight.trained else 1.0) * _drawn(recipe, weight)
        yield f"{weight.name} after {training}", float(np.sqrt(np.mean(np.square(value.ravel() - given))))


def _values(model: Any) -> List[np.ndarray]:
    """The values of a model's variables, not through the code that keeps and saves weights."""
    return [variable.numpy() for layer in framework.model_layers(model) for variable in _weights(layer)]


def _weights(layer: Any) -> List[Any]:
    """The variables of a layer in the order of its weights in files; a dropout layer's seeds are no weights."""
    is_dropout = type(layer).__name__ == "Dropout"
    return [] if is_dropout else framework.variables(layer.weights)


def _lost(file: Path, recipe: Recipe, held: List[np.ndarray]) -> int:
    """The number of held values that a file does not give back: all of them if it is not a model of the recipe."""
    try:
        restored = _values(trained_model.restored(file, recipe.name)[1])
    except BadInput:
        return sum(values.size for values in held)
    return sum(map(_different, held, restored))


def _different(values: np.ndarray, others: np.ndarray) -> int:
    """The number of values that are not the same bits."""
    return int(np.count_nonzero(values.view(np.uint32) != others.view(np.uint32)))


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
        drawn = _drawn(recipe, weight)
        if isinstance(spec.layer, BatchNormalization):
            values = 1.0 + drawn / 2.0  # a variance must be positive
        else:
            values = drawn * np.sqrt(6.0 / sum(weight.fan))
        arrays.append(values.reshape(weight.shape).astype(np.float32))
    return tuple(arrays)


def _drawn(recipe: Recipe, weight: WeightSpec) -> np.ndarray:
    """Numbers within ±1 for a weight, float64, in one row."""
    return Stream(recipe.name, SEED, f"given {weight.name}").uniform(int(np.prod(weight.shape))) * 2.0 - 1.0


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
