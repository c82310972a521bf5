"""The metrics of runs that baselines store: names, directions, values. Pure."""

from __future__ import annotations

import math
from typing import Dict, Sequence, Tuple

from mnist_repro.display import counted
from mnist_repro.recipes import RECIPES, Recipe
from mnist_repro.runs.run import Run

DIRECTIONS = {"test_loss": "lower", "test_accuracy": "higher", "training_loss": "lower"}


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


def metrics_in_session(scale: str) -> int:
    """The number of metrics that a session of all recipes compares at a scale; they share the level."""
    return sum(len(metric_names(recipe, scale)) for recipe in RECIPES.values())


def values_by_seed(runs: Sequence[Run], name: str) -> Dict[int, float]:
    """One metric by seed, of the runs that have it; each run has a different seed."""
    by_seed = [(run.seed, metric_values(run)) for run in runs]
    return {seed: values[name] for seed, values in by_seed if name in values}
