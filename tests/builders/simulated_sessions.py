"""Sessions of `mnist-repro reproduce`, simulated from stored full runs: how often each verdict comes out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from mnist_repro.gate.one_run import compare_with_one_run
from mnist_repro.gate.resampling import Draw, smoothed
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import find
from mnist_repro.recipes.published import published_figures
from mnist_repro.reproduction.judgement import AUTO_SEEDS, stored_values
from mnist_repro.runs import baselines

BASELINES = Path(__file__).resolve().parents[2] / "baselines"
SEED = 20200401
STORED = 16
AUTO = 0


@dataclass(frozen=True)
class _Recipe:
    """A recipe's published figures as columns of the rows that are drawn."""

    draw: Draw
    deviations: np.ndarray


def shares(
    recipes: Sequence[str], shift: float, seeds: Sequence[int], sessions: int, shifted: int = 0
) -> Dict[int, Dict[str, float]]:
    """The share of sessions with each verdict, by number of seeds; `AUTO` means ``--seeds auto``.

    A session draws 16 stored runs, of which its own runs are the first, and one published run.

    Args:
        recipes: names of the recipes of a session.
        shift: true shift of one published figure, in standard deviations of one run.
        seeds: numbers of seeds.
        sessions: number of simulated sessions.
        shifted: index of the shifted figure among those of the first recipe.
    """
    generator = np.random.Generator(np.random.PCG64(SEED))
    chosen = [_recipe(name, generator) for name in recipes]
    figures = sum(len(recipe.deviations) for recipe in chosen)
    counts: Dict[int, Counter[str]] = {count: Counter() for count in seeds}
    for _ in range(sessions):
        drawn: List[Tuple[np.ndarray, np.ndarray]] = []
        for place, recipe in enumerate(chosen):
            rows = recipe.draw(STORED + 1)
            if place == 0:
                rows[STORED, shifted] += shift * recipe.deviations[shifted]
            drawn.append((rows[:STORED], rows[STORED]))
        for count in seeds:
            counts[count][_verdict(drawn, count, figures).value] += 1
    return {count: {word: each / sessions for word, each in words.items()} for count, words in counts.items()}


def _verdict(drawn: Sequence[Tuple[np.ndarray, np.ndarray]], seeds: int, figures: int) -> Verdict:
    if seeds != AUTO:
        return _judged(drawn, seeds, figures, 1)
    verdicts = [_judged(drawn, count, figures, len(AUTO_SEEDS)) for count in AUTO_SEEDS]
    return next((verdict for verdict in verdicts if verdict is not Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE)


def _judged(drawn: Sequence[Tuple[np.ndarray, np.ndarray]], seeds: int, figures: int, looks: int) -> Verdict:
    return worst(
        [
            compare_with_one_run(
                "loss", value, dict(enumerate(column[:seeds])), dict(enumerate(column)), figures, looks
            ).verdict
            for stored, published in drawn
            for column, value in zip(stored.T, published)
        ]
    )


def _recipe(name: str, generator: np.random.Generator) -> _Recipe:
    recipe, stored = find(name), baselines.read(BASELINES, name, "full")
    assert stored.samples(baselines.PUBLISHED_CONDITIONS) is not None
    figures = published_figures(recipe)
    columns = [stored_values(stored, figure, recipe.full.budget.unit) for figure in figures]
    rows = np.array([[column[seed] for column in columns] for seed in columns[0]])
    return _Recipe(smoothed(rows, generator), rows.std(axis=0, ddof=1))
