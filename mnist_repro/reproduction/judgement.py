"""Runs and published figures in, comparisons and a verdict out. No files, no TensorFlow.

Where nothing published can be tested, on other data or at the subset scale, runs are judged by those that are stored.
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
# A recipe is as good as its worst comparison.
_FROM_WORST = (FAILED, INCOMPARABLE, NOT_REPRODUCED, INCONCLUSIVE, REPRODUCED)


@dataclass(frozen=True)
class FigureComparison:
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

    @property
    def possible(self) -> Optional[Interval]:
        """The interval, cut to what the figure can be: a loss is not below 0, an accuracy not above 1."""
        if self.interval is None:
            return None
        highest = math.inf if self.figure.metric == "loss" else 1.0
        return Interval(max(self.interval.low, 0.0), min(self.interval.high, highest))


def testable(recipe: Recipe, scale: str, dataset: str) -> Tuple[Figure, ...]:
    """The published figures that runs at this scale on this dataset can test: all, or none."""
    return published_figures(recipe) if scale == "full" and dataset == "mnist" else ()


def compare(figures: Sequence[Figure], runs: Sequence[Run], comparisons: int) -> Tuple[FigureComparison, ...]:
    """Each figure against the runs; ``comparisons`` is how many are made in the whole session."""
    return tuple(_compare(figure, runs, comparisons) for figure in figures)


def verdict(comparisons: Sequence[FigureComparison], failures: int) -> str:
    """The verdict on a recipe: its worst comparison, or `FAILED` if a run was not made."""
    if failures:
        return FAILED
    found = {comparison.verdict for comparison in comparisons}
    return next((word for word in _FROM_WORST if word in found), NOT_TESTED)


def measured(run: Run, figure: Figure) -> float:
    """What a run gives for a figure; NaN if it was not scored there."""
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
    """What became of one recipe.

    Args:
        recipe: which.
        runs: those that were made, by seed.
        seeds: how many were asked for.
        comparisons: each published figure that could be tested.
        drift: what explains a difference, where it was looked for.
        verdict: of the recipe.
        judgement: by the stored runs, where nothing published could be tested and there are any.
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
    """What became of a session of reproductions."""

    recipes: Tuple[RecipeResult, ...]
    dataset: str
    comparisons: int

    @property
    def passes(self) -> bool:
        """Every published figure asked for is reproduced; where none can be tested, the runs are as those stored.

        Where nothing is stored either, every run was made and ended in numbers.
        """
        return all(result.verdict in _PASSING for result in self.recipes)


def judge(
    made: Sequence[Tuple[Recipe, Sequence[Run]]],
    seeds: int,
    scale: str,
    dataset: Dataset,
    stored: Mapping[str, BaselineFile] = MappingProxyType({}),
) -> Result:
    """The verdicts on recipes of which ``seeds`` runs each were asked for.

    Args:
        made: recipes, each with the runs that were made of it.
        seeds: how many were asked for.
        scale: of the runs.
        dataset: that was trained on.
        stored: baselines of that scale by recipe, for runs that can test nothing published.
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
    """The judgement on runs by those that are stored of the same data and arithmetic; None if there are none.

    What is no number is found in either case.
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
