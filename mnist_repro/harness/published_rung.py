"""Judges published figures: whether each lies in the prediction interval of the stored full samples. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import List

from mnist_repro.display import counted
from mnist_repro.gate.baselines.values import BaselineFile, SampleEntry, samples_of
from mnist_repro.gate.intervals import prediction_interval
from mnist_repro.gate.statistics import FEWEST_STORED
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from mnist_repro.recipes import RECIPES, Recipe
from mnist_repro.recipes.published import Figure, published_figures
from mnist_repro.runs.metrics import direction

RUNG = "published"
# Dataset and arithmetic of the published figures: MNIST, and the arithmetic of their time.
KEY = ("mnist", "original")


def judge_published(recipe: Recipe, stored: BaselineFile) -> Judgement:
    """Compare every figure that the recipe's source printed with the stored runs of the published budget.

    The level holds for the published figures of all recipes together.

    Args:
        recipe: recipe of the figures.
        stored: the recipe's baseline at the ``full`` scale.
    """
    entry = stored.entry(*KEY)
    if not isinstance(entry, SampleEntry):
        why = f"no full samples of {' data in '.join(KEY)} arithmetic are stored to hold the published figures against"
        return Judgement(recipe.name, (Finding(RUNG, "baseline", Verdict.INCOMPARABLE, why),))
    figures = published_figures(recipe)
    findings: List[Finding] = []
    printed: Counter[str] = Counter()
    for figure in figures:
        metric = f"test_{figure.metric} after {counted(figure.after, recipe.full.budget.unit)}"
        printed[metric] += 1
        name = metric if printed[metric] == 1 else f"{metric}, figure {printed[metric]}"
        findings.append(_compare(name, figure, metric, list(samples_of(entry, metric).values())))
    return Judgement(recipe.name, tuple(findings))


def figures_in_session() -> int:
    """The number of published figures of all recipes; they share the level."""
    return sum(len(published_figures(recipe)) for recipe in RECIPES.values())


def _compare(name: str, figure: Figure, metric: str, values: List[float]) -> Finding:
    published = f"{figure.value:.6g}"
    if len(values) < FEWEST_STORED or not all(math.isfinite(value) for value in values):
        why = f"{len(values)} stored samples, of which {sum(map(math.isfinite, values))} are numbers; "
        return Finding(RUNG, name, Verdict.INCOMPARABLE, f"{why}{FEWEST_STORED} or more numbers are needed", published)
    mean = sum(values) / len(values)
    interval = prediction_interval(values, figures_in_session())
    if interval is None:
        why = f"all {len(values)} stored samples are the same, so that their spread is not known"
        return Finding(RUNG, name, Verdict.INCOMPARABLE, why, published, f"{mean:.6g}")
    where = f"{interval.low:.6g} … {interval.high:.6g}, where one more of our runs would land"
    if figure.value in interval:
        verdict, why = Verdict.EQUIVALENT, f"{published} was published and lies in {where}"
    else:
        better = mean < figure.value if direction(metric) == "lower" else mean > figure.value
        verdict = Verdict.IMPROVED if better else Verdict.REGRESSED
        why = f"{published} was published and lies outside {where}"
    return Finding(RUNG, name, verdict, why, published, f"{mean:.6g}", interval)
