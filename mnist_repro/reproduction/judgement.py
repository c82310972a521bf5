"""Judges runs by published figures: one comparison per figure, and a verdict per recipe. No files, no TensorFlow.

On other data or at the subset scale no published figure can be tested; then runs are judged by stored runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Mapping, Optional, Sequence, Tuple

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate.baselines.judge import judge_samples
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.intervals import Interval, prediction_interval
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.recipes import Recipe
from mnist_repro.recipes.published import Figure, published_figures
from mnist_repro.reproduction.drift import Drift, recognise
from mnist_repro.runs.metrics import metric_values
from mnist_repro.runs.run import Run

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
INCONCLUSIVE = "inconclusive"
INCOMPARABLE = "incomparable"
FAILED = "failed"
NOT_TESTED = "not tested"
NOTHING_STORED = "no runs are stored to judge by"
_PASSING = (REPRODUCED, Verdict.EQUIVALENT.value, NOT_TESTED)
# Verdicts from worst to best; a recipe has the worst verdict of its comparisons.
_FROM_WORST = (FAILED, INCOMPARABLE, NOT_REPRODUCED, INCONCLUSIVE, REPRODUCED)


@dataclass(frozen=True)
class FigureComparison:
    """A published figure, compared with the values of the runs.

    Args:
        figure: the published figure.
        measured: one value for each seed.
        interval: prediction interval of a further run; None if the runs give none.
        verdict: verdict on this figure.
    """

    figure: Figure
    measured: Tuple[float, ...]
    interval: Optional[Interval]
    verdict: str

    @property
    def possible(self) -> Optional[Interval]:
        """The interval, cut to possible values: a loss is at least 0, and an accuracy at most 1."""
        if self.interval is None:
            return None
        highest = math.inf if self.figure.metric == "loss" else 1.0
        return Interval(max(self.interval.low, 0.0), min(self.interval.high, highest))


def testable(recipe: Recipe, scale: str, dataset: str) -> Tuple[Figure, ...]:
    """The published figures that runs at this scale on this dataset can test: all, or none."""
    return published_figures(recipe) if scale == "full" and dataset == "mnist" else ()


def compare(figures: Sequence[Figure], runs: Sequence[Run], comparisons: int) -> Tuple[FigureComparison, ...]:
    """Compare each figure with the runs; ``comparisons`` is the number of comparisons in the whole session."""
    return tuple(_compare(figure, runs, comparisons) for figure in figures)


def verdict(comparisons: Sequence[FigureComparison], failures: int) -> str:
    """The verdict on a recipe: its worst comparison, or `FAILED` if a run was not made."""
    if failures:
        return FAILED
    verdicts = {comparison.verdict for comparison in comparisons}
    return next((word for word in _FROM_WORST if word in verdicts), NOT_TESTED)


def measured(run: Run, figure: Figure) -> float:
    """The value of a run for a figure; NaN if the run was not scored at that point."""
    score = run.score_after(figure.after)
    return float(getattr(score.test, figure.metric)) if score else math.nan


def _compare(figure: Figure, runs: Sequence[Run], comparisons: int) -> FigureComparison:
    values = tuple(measured(run, figure) for run in runs)
    interval = prediction_interval(values, comparisons)
    if not all(math.isfinite(value) for value in values):
        word = INCOMPARABLE
    elif interval is None:
        word = INCONCLUSIVE
    else:
        word = REPRODUCED if figure.value in interval else NOT_REPRODUCED
    return FigureComparison(figure, values, interval, word)


@dataclass(frozen=True)
class RecipeResult:
    """The result of one recipe.

    Args:
        recipe: the recipe.
        runs: finished runs by seed.
        seeds: number of requested runs.
        comparisons: each published figure that could be tested.
        drift: drift that explains a difference, if it was looked for.
        verdict: verdict on the recipe.
        judgement: judgement by stored runs, if no published figure could be tested and stored runs exist.
    """

    recipe: Recipe
    runs: Tuple[Run, ...]
    seeds: int
    comparisons: Tuple[FigureComparison, ...]
    drift: Drift
    verdict: str
    judgement: Optional[Judgement] = None


@dataclass(frozen=True)
class Result:
    """The result of a session of reproductions."""

    recipes: Tuple[RecipeResult, ...]
    dataset: str
    comparisons: int

    @property
    def passes(self) -> bool:
        """Whether every requested figure is reproduced; if none can be tested, whether the runs agree with stored runs.

        If there are no stored runs either: whether every run was made and has only finite figures.
        """
        return all(result.verdict in _PASSING for result in self.recipes)


def judge(
    made: Sequence[Tuple[Recipe, Sequence[Run]]],
    seeds: int,
    scale: str,
    dataset: Dataset,
    stored: Mapping[str, BaselineFile] = MappingProxyType({}),
) -> Result:
    """Give the verdicts on recipes; ``seeds`` runs of each recipe were requested.

    Args:
        made: recipes, each with its finished runs.
        seeds: number of requested runs per recipe.
        scale: scale of the runs.
        dataset: training data.
        stored: baselines of that scale by recipe, for runs that can test no published figure.
    """
    count = sum(len(testable(recipe, scale, dataset.name)) for recipe, _ in made)
    results = []
    for recipe, runs in made:
        figures = testable(recipe, scale, dataset.name)
        comparisons = compare(figures, runs, count)
        word = verdict(comparisons, seeds - len(runs))
        judgement = None if figures else _by_stored(runs, stored.get(recipe.name))
        if word == NOT_TESTED and judgement is not None:
            word = judgement.verdict.value
        drift = recognise(recipe, runs, dataset)
        results.append(RecipeResult(recipe, tuple(runs), seeds, comparisons, drift, word, judgement))
    return Result(tuple(results), dataset.name, count)


def _by_stored(runs: Sequence[Run], stored: Optional[BaselineFile]) -> Optional[Judgement]:
    """The judgement on runs by stored runs of the same data and arithmetic; None if there are no runs.

    A value that is not finite gives a finding, with or without stored runs.
    """
    if not runs:
        return None
    if stored is not None and stored.entry(runs[0].dataset["name"], runs[0].arithmetic) is not None:
        return judge_samples(stored, runs)
    lost = [
        Finding(run.scale, name, Verdict.INCOMPARABLE, f"it is {value} for seed {run.seed}")
        for run in runs
        for name, value in metric_values(run).items()
        if not math.isfinite(value)
    ]
    return Judgement(runs[0].recipe, tuple(lost), (NOTHING_STORED,)) if lost else None
