"""Runs and published figures in, comparisons and a verdict out. No files, no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from mnist_repro.data.dataset import Dataset
from mnist_repro.drift import Recognition, recognise
from mnist_repro.intervals import Interval, prediction_interval
from mnist_repro.recipes import Recipe
from mnist_repro.run import Run

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
INCONCLUSIVE = "inconclusive"
INCOMPARABLE = "incomparable"
FAILED = "failed"
NOT_TESTED = "not tested"
# A recipe is as good as its worst comparison.
_FROM_WORST = (FAILED, INCOMPARABLE, NOT_REPRODUCED, INCONCLUSIVE, REPRODUCED)


@dataclass(frozen=True)
class Figure:
    """A figure that a source printed: of which metric, after how many epochs or steps."""

    after: int
    metric: str
    value: float


@dataclass(frozen=True)
class Comparison:
    """A published figure beside what the runs measured.

    Args:
        figure: what was published.
        measured: one value for each seed.
        interval: where one more run would land; None if the runs cannot tell.
        verdict: of this figure alone.
    """

    figure: Figure
    measured: Tuple[float, ...]
    interval: Optional[Interval]
    verdict: str


def published_figures(recipe: Recipe) -> Tuple[Figure, ...]:
    """Every test figure that the recipe's source printed, those it printed of other runs included."""
    figures: List[Figure] = []
    for published in recipe.published:
        for metrics in (published.test, published.also_printed):
            figures += [Figure(published.after, metric, value) for metric, value in metrics.items()]
    return tuple(figures)


def testable(recipe: Recipe, scale: str, dataset: str) -> Tuple[Figure, ...]:
    """The published figures that runs at this scale on this dataset can test: all, or none."""
    return published_figures(recipe) if scale == "full" and dataset == "mnist" else ()


def compare(figures: Sequence[Figure], runs: Sequence[Run], comparisons: int) -> Tuple[Comparison, ...]:
    """Each figure against the runs; ``comparisons`` is how many are made in the whole session."""
    return tuple(_compare(figure, runs, comparisons) for figure in figures)


def verdict(comparisons: Sequence[Comparison], failures: int) -> str:
    """The verdict on a recipe: its worst comparison, or `FAILED` if a run was not made."""
    if failures:
        return FAILED
    found = {comparison.verdict for comparison in comparisons}
    return next((word for word in _FROM_WORST if word in found), NOT_TESTED)


def measured(run: Run, figure: Figure) -> float:
    """What a run gives for a figure; NaN if it was not scored there."""
    score = run.score_after(figure.after)
    return float(getattr(score.test, figure.metric)) if score else math.nan


def _compare(figure: Figure, runs: Sequence[Run], comparisons: int) -> Comparison:
    values = tuple(measured(run, figure) for run in runs)
    interval = prediction_interval(values, comparisons)
    if not all(math.isfinite(value) for value in values):
        word = INCOMPARABLE
    elif interval is None:
        word = INCONCLUSIVE
    else:
        word = REPRODUCED if figure.value in interval else NOT_REPRODUCED
    return Comparison(figure, values, interval, word)


@dataclass(frozen=True)
class RecipeResult:
    """What became of one recipe.

    Args:
        recipe: which.
        runs: those that were made, by seed.
        seeds: how many were asked for.
        comparisons: each published figure that could be tested.
        drift: what explains a difference, where it was looked for.
        verdict: of the recipe.
    """

    recipe: Recipe
    runs: Tuple[Run, ...]
    seeds: int
    comparisons: Tuple[Comparison, ...]
    drift: Recognition
    verdict: str


@dataclass(frozen=True)
class Result:
    """What became of a session of reproductions."""

    recipes: Tuple[RecipeResult, ...]
    dataset: str
    comparisons: int

    @property
    def passes(self) -> bool:
        """Every published figure asked for is reproduced; where none can be tested, every run was made."""
        return all(result.verdict in (REPRODUCED, NOT_TESTED) for result in self.recipes)


def judge(made: Sequence[Tuple[Recipe, Sequence[Run]]], seeds: int, scale: str, dataset: Dataset) -> Result:
    """The verdicts on recipes of which ``seeds`` runs each were asked for."""
    count = sum(len(testable(recipe, scale, dataset.name)) for recipe, _ in made)
    results = []
    for recipe, runs in made:
        comparisons = compare(testable(recipe, scale, dataset.name), runs, count)
        results.append(
            RecipeResult(
                recipe,
                tuple(runs),
                seeds,
                comparisons,
                recognise(recipe, runs, dataset),
                verdict(comparisons, seeds - len(runs)),
            )
        )
    return Result(tuple(results), dataset.name, count)
