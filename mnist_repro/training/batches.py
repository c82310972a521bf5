"""Which images are trained on at which step, and where a run stops to print or to be scored: plain values."""

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
        steps: how many.
        reported: printed after this segment: epochs or steps done so far, else None.
        scored: scored after this segment: epochs or steps done so far, else None.
    """

    epoch: int
    first: int
    steps: int
    reported: Optional[int]
    scored: Optional[int]


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Full batches, and the incomplete one at the end if there is one."""
    return -(-images // batch_size)


def total_steps(recipe: Recipe, scale: Scale) -> int:
    """How many steps the whole budget takes."""
    if isinstance(scale.budget, Epochs):
        return scale.budget.count * steps_per_epoch(scale.training_images, recipe.batch_size)
    return scale.budget.count


def segments(recipe: Recipe, scale: Scale) -> Iterator[Segment]:
    """The whole budget, cut at the ends of epochs and wherever something is printed or scored."""
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
