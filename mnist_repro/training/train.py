"""Trains a recipe on data from a seed, and returns weights, log and scores."""

from __future__ import annotations

import time
from typing import Callable, Iterator, Optional, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes.recipe import Recipe, Scale
from mnist_repro.runs.log import Line
from mnist_repro.training.batches import Segment, segments, total_steps
from mnist_repro.training.model import Training, make_feed
from mnist_repro.training.record import Trained, TrainingRecord
from mnist_repro.training.seeds import epoch_order

# Called after each segment with the steps done, the number of all steps, and the new line, if there is one.
Progress = Callable[[int, int, Optional[Line]], None]


def no_progress(done: int, total: int, line: Optional[Line]) -> None:
    """Ignore the progress."""


def ordered_segments(recipe: Recipe, scale: Scale, seed: int) -> Iterator[Tuple[Segment, np.ndarray]]:
    """Each segment of the budget, with the order of the images in its epoch."""
    order = np.empty(0, dtype=np.int32)
    for segment in segments(recipe, scale):
        if segment.first == 0:
            order = epoch_order(recipe.name, seed, segment.epoch, scale.training_images)
        yield segment, order


def train(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    scale: Scale,
    arithmetic_name: str = "original",
    progress: Progress = no_progress,
) -> Trained:
    """Train a recipe on a dataset from a seed.

    The same arguments give the same bits in every one-thread process on machines of one kind.

    Args:
        recipe: the recipe.
        dataset: images and labels.
        seed: 0 or more.
        scale: how much of the data, and for how long.
        arithmetic_name: ``original`` or ``framework``.
        progress: called after each segment.
    """
    started = time.monotonic()
    training = Training(recipe, seed, arithmetic_name == "original", make_feed(recipe, dataset, scale))
    record = TrainingRecord(recipe, scale, dataset, training)
    total = total_steps(recipe, scale)
    for segment, order in ordered_segments(recipe, scale, seed):
        progress(record.steps, total, record.before(segment, order))
        losses, rights = training.run(order, segment.first, segment.steps)
        line = record.after(segment, losses, rights)
        progress(record.steps, total, line)
    return record.close(time.monotonic() - started)
