"""The metrics of runs that baselines store: names, directions, values. Pure."""

from __future__ import annotations

import math
from typing import Dict, Tuple

from mnist_repro.display import counted
from mnist_repro.recipes import Recipe
from mnist_repro.runs.run import Run

DIRECTIONS = {"test_loss": "lower", "test_accuracy": "higher", "training_loss": "lower"}


def is_share(name: str) -> bool:
    """Whether a metric is a share of images, by its name."""
    return "accuracy" in name


def metric_name(kind: str, after: int, unit: str) -> str:
    """The name of a metric: ``test_loss after 20 epochs``."""
    return f"{kind} after {counted(after, unit)}"


def metric_names(recipe: Recipe, scale: str) -> Tuple[str, ...]:
    """The metrics of a recipe at a scale: test loss and accuracy at each score, and the last training loss."""
    chosen = recipe.scale(scale)
    names = []
    for after in chosen.scored_after:
        names += [metric_name(kind, after, chosen.budget.unit) for kind in ("test_loss", "test_accuracy")]
    return (*names, metric_name("training_loss", chosen.budget.count, chosen.budget.unit))


def direction(name: str) -> str:
    """The better direction of a metric."""
    return DIRECTIONS[name.split(" ", 1)[0]]


def metric_values(run: Run) -> Dict[str, float]:
    """The metrics of a run; missing metrics are left out, and values that are not numbers are NaN."""
    values: Dict[str, float] = {}
    for score in run.scores:
        values[metric_name("test_loss", score.after, run.unit)] = score.test.loss
        values[metric_name("test_accuracy", score.after, run.unit)] = score.test.accuracy
    if run.log:
        last = run.log[-1]
        loss = last.loss
        values[metric_name("training_loss", last.after, run.unit)] = math.nan if loss is None else loss
    return values
