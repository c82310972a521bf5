"""Trains a recipe on data from a seed, and returns weights, log and scores."""

from __future__ import annotations

import time
from typing import Callable, Iterator, List, Optional, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes.recipe import Recipe, Scale
from mnist_repro.runs.log import Line
from mnist_repro.training.batches import Segment, segments, total_steps
from mnist_repro.training.model import Feed, RunSteps, Training, make_feed
from mnist_repro.training.record import Trained, TrainingRecord
from mnist_repro.training.seeds import epoch_order

# About so many seconds, and at first so many steps, lie between two reports of progress.
PIECE_SECONDS = 1.0
_FIRST_STEPS = 16
# Called before and after each segment, and about every second within it: with the steps done, the number of all steps,
# and the new line, if there is one.
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


class _Pace:
    """Divides segments into pieces of about `PIECE_SECONDS`: one call of TensorFlow each, with a report between two.

    The bits of a training do not depend on how it is divided.
    """

    def __init__(self) -> None:
        self._steps = _FIRST_STEPS

    def pieces(self, segment: Segment) -> Iterator[Tuple[int, int]]:
        """First step and number of steps of each piece; the next piece begins when the caller asks for it."""
        first, end = segment.first, segment.first + segment.steps
        while first < end:
            steps = min(self._steps, end - first)
            started = time.monotonic()
            yield first, steps
            seconds = time.monotonic() - started
            if seconds > 2 * PIECE_SECONDS:
                self._steps = max(1, steps // 2)
            elif steps == self._steps and seconds < PIECE_SECONDS / 2:
                self._steps *= 2
            first += steps


def train(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    scale: Scale,
    arithmetic_name: str = "original",
    progress: Progress = no_progress,
    runner: Optional[Callable[[Feed, Training], RunSteps]] = None,
) -> Trained:
    """Train a recipe on a dataset from a seed.

    The same arguments give the same bits in every one-thread process on machines of one kind.

    Args:
        recipe: the recipe.
        dataset: images and labels.
        seed: 0 or more.
        scale: how much of the data, and for how long.
        arithmetic_name: ``original`` or ``framework``.
        progress: called as `Progress` says.
        runner: as of `Training`.
    """
    started = time.monotonic()
    training = Training(recipe, seed, arithmetic_name == "original", make_feed(recipe, dataset, scale), runner)
    record = TrainingRecord(recipe, scale, dataset, training)
    total = total_steps(recipe, scale)
    pace = _Pace()
    for segment, order in ordered_segments(recipe, scale, seed):
        progress(record.steps, total, record.before(segment, order))
        pieces: List[Tuple[np.ndarray, np.ndarray]] = []
        for first, steps in pace.pieces(segment):
            if pieces:
                progress(record.steps + first - segment.first, total, None)
            pieces.append(training.run(order, first, steps))
        losses, rights = (np.concatenate(rows) for rows in zip(*pieces))
        line = record.after(segment, losses, rights)
        progress(record.steps, total, line)
    return record.close(time.monotonic() - started)
