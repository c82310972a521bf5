"""Judges published figures by the stored full samples, as `mnist-repro reproduce` judges them by its runs. Pure."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import List

from mnist_repro.gate.baselines.judge import incomparable
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.sentence import say
from mnist_repro.gate.statistics import FEWEST_STORED, SAME_STORED, Samples
from mnist_repro.gate.verdicts import WORST_FIRST, Finding, Judgement, Verdict
from mnist_repro.recipes import RECIPES, Recipe
from mnist_repro.recipes.published import Figure, published_figures
from mnist_repro.reproduction.judgement import FigureComparison, stored_values
from mnist_repro.runs.baselines import PUBLISHED_CONDITIONS
from mnist_repro.runs.metrics import metric_name


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
        findings.append(_compare(name, figure, stored_values(stored, figure, recipe.full.budget.unit)))
    return Judgement(tuple(findings))


def figures_in_session() -> int:
    """The number of published figures of all recipes; they share the level."""
    return sum(len(published_figures(recipe)) for recipe in RECIPES.values())


def _compare(name: str, figure: Figure, stored: Samples) -> Finding:
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
