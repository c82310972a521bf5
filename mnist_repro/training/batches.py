"""Divides the budget of a run into steps, and into segments after which the run prints or is scored. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Optional

from mnist_repro.recipes.recipe import Epochs, Recipe, Scale


@dataclass(frozen=True)
class Segment:
    """Consecutive steps of one epoch, after which the run pauses.

    Args:
        epoch: counted from 0.
        first: index of the first step within its epoch.
        steps: number of steps.
        reported: epochs or steps done so far, if a line is printed after this segment, else None.
        scored: epochs or steps done so far, if the run is scored after this segment, else None.
    """

    epoch: int
    first: int
    steps: int
    reported: Optional[int]
    scored: Optional[int]


def steps_per_epoch(images: int, batch_size: int) -> int:
    """The number of batches in an epoch: full ones, and an incomplete one at the end."""
    return -(-images // batch_size)


def total_steps(recipe: Recipe, scale: Scale) -> int:
    """The number of steps of the whole budget."""
    if isinstance(scale.budget, Epochs):
        return scale.budget.count * steps_per_epoch(scale.training_images, recipe.batch_size)
    return scale.budget.count


def segments(recipe: Recipe, scale: Scale) -> Iterator[Segment]:
    """The whole budget, divided at the ends of epochs and at every point where the run prints or is scored."""
    per_epoch = steps_per_epoch(scale.training_images, recipe.batch_size)
    if isinstance(scale.budget, Epochs):
        for epoch in range(scale.budget.count):
            done = epoch + 1
            yield Segment(epoch, 0, per_epoch, done, done if done in scale.scored_after else None)
        return
    every = scale.budget.report_every
    at = 0
    while at < scale.budget.count:
        epoch, first = divmod(at, per_epoch)
        stops = [(epoch + 1) * per_epoch, (at // every + 1) * every, scale.budget.count]
        stops += [after for after in scale.scored_after if after > at]
        stop = min(stops)
        yield Segment(
            epoch,
            first,
            stop - at,
            stop if stop % every == 0 or stop == scale.budget.count else None,
            stop if stop in scale.scored_after else None,
        )
        at = stop
