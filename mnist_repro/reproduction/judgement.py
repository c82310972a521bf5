"""Judges runs by published figures: one comparison per figure, and a verdict per recipe. No files, no TensorFlow.

On other data or at the subset scale no published figure can be tested; then runs are judged by stored runs. What was
requested and cannot be judged does not pass. The gate's rung ``published`` judges stored runs by the published figures.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import List, Mapping, Optional, Sequence, Tuple

from mnist_repro.data.dataset import Dataset
from mnist_repro.display import counted
from mnist_repro.gate.baselines.judge import incomparable
from mnist_repro.gate.baselines.values import BaselineFile, samples_of
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.sentence import say
from mnist_repro.gate.statistics import FEWEST_STORED, SAME_STORED, Samples
from mnist_repro.gate.verdicts import WORST_FIRST, Finding, Judgement, Verdict, worst
from mnist_repro.recipes import RECIPES, Recipe
from mnist_repro.recipes.published import Figure, published_figures
from mnist_repro.reproduction.drift import Drift, recognise
from mnist_repro.runs.baselines import PUBLISHED_CONDITIONS, conditions_of, judge_runs
from mnist_repro.runs.metrics import metric_name, metric_values
from mnist_repro.runs.run import Run

FAILED = "failed"
NOT_TESTED = "not tested"
NOTHING_STORED = "no runs are stored to judge by"
# The numbers of seeds that `--seeds auto` tries, in order.
AUTO_SEEDS = (3, 5, 10)
_PASSING = (Verdict.REPRODUCED.value, Verdict.EQUIVALENT.value)


@dataclass(frozen=True)
class FigureComparison:
    """A published figure, compared with the values of the runs, one for each seed."""

    figure: Figure
    measured: Tuple[float, ...]
    result: Finding

    @property
    def verdict(self) -> str:
        """The verdict as a word."""
        return self.result.verdict.value

    @property
    def possible(self) -> Optional[Interval]:
        """The interval of a further run, cut to possible values: a loss is at least 0, and an accuracy at most 1."""
        interval = self.result.interval
        if interval is None:
            return None
        highest = math.inf if self.figure.metric == "loss" else 1.0
        return Interval(max(interval.low, 0.0), min(interval.high, highest))


def figure_text(figure: Figure, unit: str) -> str:
    """A published figure in words: ``test loss after 20 epochs``."""
    return f"test {figure.metric} after {counted(figure.after, unit)}"


def testable(recipe: Recipe, scale: str, dataset: str) -> Tuple[Figure, ...]:
    """The published figures that runs at this scale on this dataset can test: all, or none."""
    return published_figures(recipe) if scale == "full" and dataset == "mnist" else ()


def stored_values(stored: Optional[BaselineFile], figure: Figure, unit: str) -> Samples:
    """The values of a published figure in the stored full runs, by seed; empty if there are none.

    ``unit`` is what the figure's ``after`` counts, ``epoch`` or ``step``.
    """
    entry = None if stored is None else stored.samples(PUBLISHED_CONDITIONS)
    name = metric_name(f"test_{figure.metric}", figure.after, unit)
    return {} if entry is None else samples_of(entry, name)


def compare(
    figures: Sequence[Figure],
    runs: Sequence[Run],
    comparisons: int,
    stored: Optional[BaselineFile] = None,
    looks: int = 1,
) -> Tuple[FigureComparison, ...]:
    """Compare each figure with the runs.

    Args:
        figures: figures that the runs can test.
        runs: runs of one recipe, each of a different seed.
        comparisons: number of comparisons in the whole session.
        stored: baseline of the recipe at the full scale; its spread is used.
        looks: how often the session may look again with more seeds.
    """
    compared = []
    for figure in figures:
        values = {run.seed: measured(run, figure.metric, figure.after) for run in runs}
        before = stored_values(stored, figure, runs[0].unit) if runs else {}
        name = f"test_{figure.metric}"
        result = compare_with_one_run(name, figure.value, values, before, comparisons, looks)
        compared.append(FigureComparison(figure, tuple(values.values()), result))
    return tuple(compared)


def verdict(comparisons: Sequence[FigureComparison], failures: int) -> str:
    """The verdict on a recipe: its worst comparison, or `FAILED` if a run was not made."""
    if failures:
        return FAILED
    return worst([comparison.result.verdict for comparison in comparisons]).value if comparisons else NOT_TESTED


def measured(run: Run, metric: str, after: int) -> float:
    """A test metric of a run; NaN if the run was not scored at that point."""
    score = run.score_after(after)
    return float(getattr(score.test, metric)) if score else math.nan


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

    @property
    def seeds_needed(self) -> Optional[int]:
        """The number of seeds that would settle an inconclusive verdict; None if it is settled, or no number would."""
        if self.verdict != Verdict.INCONCLUSIVE.value:
            return None
        findings = self.judgement.findings if self.judgement else ()
        needed = [each.result.seeds_needed for each in self.comparisons if each.result.verdict is Verdict.INCONCLUSIVE]
        needed += [finding.seeds_needed for finding in findings if finding.verdict is Verdict.INCONCLUSIVE]
        return None if None in needed else max(filter(None, needed))


@dataclass(frozen=True)
class Result:
    """The result of a session of reproductions."""

    recipes: Tuple[RecipeResult, ...]
    dataset: str
    comparisons: int

    @property
    def passes(self) -> bool:
        """Whether every recipe is reproduced or, if nothing published can be tested, equivalent to stored runs."""
        return all(result.verdict in _PASSING for result in self.recipes)


def judge(
    made: Sequence[Tuple[Recipe, Sequence[Run]]],
    seeds: Mapping[str, int],
    scale: str,
    dataset: Dataset,
    stored: Mapping[str, BaselineFile] = MappingProxyType({}),
    looks: int = 1,
) -> Result:
    """Give the verdicts on recipes.

    Args:
        made: recipes, each with its finished runs.
        seeds: number of requested runs by recipe.
        scale: scale of the runs.
        dataset: training data.
        stored: baselines of that scale by recipe.
        looks: how often the session may look again with more seeds.
    """
    count = sum(len(testable(recipe, scale, dataset.name)) for recipe, _ in made)
    results = []
    for recipe, runs in made:
        figures, baseline = testable(recipe, scale, dataset.name), stored.get(recipe.name)
        comparisons = compare(figures, runs, count, baseline, looks)
        word = verdict(comparisons, seeds[recipe.name] - len(runs))
        judgement = None if figures else _by_stored(runs, baseline, looks)
        if word == NOT_TESTED and judgement is not None:
            word = judgement.verdict.value
        drift = recognise(recipe, runs, dataset)
        results.append(RecipeResult(recipe, tuple(runs), seeds[recipe.name], comparisons, drift, word, judgement))
    return Result(tuple(results), dataset.name, count)


def _by_stored(runs: Sequence[Run], stored: Optional[BaselineFile], looks: int) -> Optional[Judgement]:
    """The judgement on runs by stored runs of the same data and arithmetic; None if there are no runs.

    A value that is not finite gives a finding, with or without stored runs.
    """
    if not runs:
        return None
    if stored is not None and stored.samples(conditions_of(runs[0].dataset["name"], runs[0].arithmetic)) is not None:
        return judge_runs(stored, runs, looks)
    lost = [
        Finding(name, Verdict.INCOMPARABLE, say("it is {value} for seed {seed}", value=str(value), seed=run.seed))
        for run in runs
        for name, value in metric_values(run).items()
        if not math.isfinite(value)
    ]
    return Judgement(tuple(lost), (NOTHING_STORED,)) if lost else None


def judge_published(recipe: Recipe, stored: BaselineFile) -> Judgement:
    """Compare every figure that the recipe's source printed with the stored runs of the published budget.

    The level holds for the published figures of all recipes together. A figure passes if it is reproduced, or if its
    verdict is no worse than the one that the recipe declares as known, with a reason.

    The baseline is that of the recipe at the ``full`` scale.
    """
    if stored.samples(PUBLISHED_CONDITIONS) is None:
        return incomparable(
            "no full samples of mnist data in original arithmetic are stored to compare the published figures with"
        )
    figures = published_figures(recipe)
    findings: List[Finding] = []
    printed: Counter[str] = Counter()
    for figure in figures:
        metric = metric_name(f"test_{figure.metric}", figure.after, recipe.full.budget.unit)
        printed[metric] += 1
        name = metric if printed[metric] == 1 else f"{metric}, figure {printed[metric]}"
        findings.append(_compare_stored(name, figure, stored_values(stored, figure, recipe.full.budget.unit)))
    return Judgement(tuple(findings))


def figures_in_session() -> int:
    """The number of published figures of all recipes; they share the level."""
    return sum(len(published_figures(recipe)) for recipe in RECIPES.values())


def _compare_stored(name: str, figure: Figure, stored: Samples) -> Finding:
    published = f"{figure.value:.6g}"
    if len(stored) < FEWEST_STORED or not all(math.isfinite(value) for value in stored.values()):
        why = say(
            "{count:stored sample}, of which {finite} are numbers; {needed} or more numbers are needed",
            count=len(stored),
            finite=sum(map(math.isfinite, stored.values())),
            needed=FEWEST_STORED,
        )
        return Finding(name, Verdict.INCOMPARABLE, why, published)
    if len(set(stored.values())) == 1:
        return Finding(name, Verdict.INCOMPARABLE, say(SAME_STORED, count=len(stored)), published)
    compared = compare_with_one_run(name, figure.value, stored, stored, figures_in_session())
    possible = FigureComparison(figure, (), compared).possible
    return replace(compared, interval=possible, known=_known(figure, compared.verdict))


def _known(figure: Figure, verdict: Verdict) -> str:
    """Why this verdict, which does not pass, is known; empty if it passes, or is not known to be so bad."""
    if verdict.passes or figure.known is None:
        return ""
    expected = WORST_FIRST.index(Verdict(figure.known.verdict))
    return figure.known.reason if WORST_FIRST.index(verdict) >= expected else ""
