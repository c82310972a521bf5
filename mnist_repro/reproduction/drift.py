"""Names what has changed between a published training and ours, where the losses prove it. No TensorFlow.

For softmax regressions the first step losses are held against the oracle: as the source computed, then with one thing
changed at a time. For batch normalisation, the same weights are scored with and without zero-debiased statistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import Recipe
from mnist_repro.reproduction.hypotheses import SINGLE, Hypothesis, on_top_of_epsilon
from mnist_repro.reproduction.oracle import Calculation, calculation, can_compute, losses_one_by_one
from mnist_repro.runs.run import Run

NONE = "none"
NOT_RECOGNISED = "not recognised"
NOT_DEBIASED = "moving statistics not zero-debiased"

# Relative, on every step. Rounding reaches 3e-7 in 100 steps; float16 pixels, the smallest change known, 3e-6.
TOLERANCE = 2e-6
# Zero-debiasing explains a test loss if the loss is so many times what it is with debiased statistics.
EXPLAINED = 1.1


@dataclass(frozen=True)
class Drift:
    """What the runs tell of drift.

    Args:
        kind: the drift's name, `NONE` where the runs computed what the source did, or `NOT_RECOGNISED`.
        cause: what has changed, as a sentence; empty where there is no drift or none was recognised.
        evidence: the figures behind it, as a sentence.
    """

    kind: str
    cause: str
    evidence: str

    def __str__(self) -> str:
        return ": ".join([self.kind, "; ".join(filter(None, [self.cause, self.evidence]))])

    @property
    def named(self) -> bool:
        """Whether a drift was recognised."""
        return self.kind not in (NONE, NOT_RECOGNISED)


@dataclass(frozen=True)
class Agreement:
    """Step losses beside the oracle's.

    Args:
        worst: the largest relative difference of the steps compared.
        step: the first step, counted from 1, that differs by more than `TOLERANCE`; None if they agree.
        found: its loss.
        expected: the oracle's.
    """

    worst: float
    step: Optional[int] = None
    found: float = math.nan
    expected: float = math.nan


def recognise(recipe: Recipe, runs: Sequence[Run], dataset: Dataset) -> Drift:
    """What the runs of one recipe tell of drift.

    Args:
        recipe: what was trained.
        runs: of one scale and arithmetic, one for each seed; none is allowed.
        dataset: what they were trained on.
    """
    if not runs:
        return Drift(NOT_RECOGNISED, "", "there is no run to look at")
    if can_compute(recipe):
        return recognise_softmax(recipe, runs, dataset)
    if any(score.test_debiased for run in runs for score in run.scores):
        return recognise_batch_normalization(runs)
    return Drift(NOT_RECOGNISED, "", f"no oracle computes {recipe.name}, so there is nothing to hold it against")


def recognise_batch_normalization(runs: Sequence[Run]) -> Drift:
    """Whether missing zero-debiasing explains test losses: it does if, at some score, it raises that of every run."""
    told: List[str] = []
    explained = False
    for scores in zip(*(run.scores for run in runs)):
        losses = [(score.test.loss, score.test_debiased.loss) for score in scores if score.test_debiased]
        if len(losses) < len(runs):
            continue
        explained |= all(biased > EXPLAINED * debiased for biased, debiased in losses)
        biased, debiased = np.mean(losses, axis=0)
        told.append(f"{debiased:.4f} instead of {biased:.4f} after {scores[0].after} {runs[0].unit}s")
    if not told:
        return Drift(NOT_RECOGNISED, "", "there is no score at which every run was scored with debiased statistics")
    evidence = f"debiased, the same weights give a test loss of {', '.join(told)} (mean of {_seeds(runs)})"
    if not explained:
        return Drift(NOT_RECOGNISED, "", evidence)
    cause = "Keras 2.1.4 divided moving mean and variance by 1 - momentum**steps, this framework does not"
    return Drift(NOT_DEBIASED, cause, evidence)


def recognise_softmax(recipe: Recipe, runs: Sequence[Run], dataset: Dataset) -> Drift:
    """What the first step losses of a softmax regression tell: the source's arithmetic, a known change, or neither."""
    if not all(run.step_losses for run in runs):
        return Drift(NOT_RECOGNISED, "", "there are runs without step losses, which cannot be held against anything")
    asked = [agreement(_source(recipe, run), run, dataset) for run in runs]
    worst = _largest([each.worst for each in asked])
    counted = f"the first {min(len(run.step_losses) for run in runs)} step losses of {_seeds(runs)}"
    if all(each.step is None for each in asked):
        return Drift(NONE, "", f"{counted} agree with the source's arithmetic within {worst:.1e} relative")
    agreeing, tried = _agreeing(recipe, runs, dataset)
    if len(agreeing) != 1:
        return Drift(NOT_RECOGNISED, "", _unexplained(runs, asked, [found for found, _ in agreeing], tried))
    [(hypothesis, within)] = agreeing
    step = min(each.step for each in asked if each.step is not None)
    evidence = (
        f"{counted} agree with an oracle that computes so within {within:.1e} relative, "
        f"and differ from the source's arithmetic by up to {worst:.1e}, from step {step} on"
    )
    return Drift(hypothesis.kind, hypothesis.cause, evidence)


def agreement(chosen: Calculation, run: Run, dataset: Dataset, whole: bool = True) -> Agreement:
    """A run's first step losses beside the oracle's; unless ``whole``, only as far as the first that differs."""
    oracle = losses_one_by_one(chosen, dataset.train_images, dataset.train_labels, run.seed)
    differences: List[float] = []
    first: Optional[Tuple[int, float, float]] = None
    for step, (found, expected) in enumerate(zip(run.step_losses, oracle), start=1):
        differences.append(abs(found - expected) / expected if expected else math.inf)
        # Not `>`: a loss that is NaN does not agree.
        if first is None and not differences[-1] <= TOLERANCE:
            first = (step, found, expected)
            if not whole:
                break
    return Agreement(_largest(differences), *(first or ()))


def _source(recipe: Recipe, run: Run) -> Calculation:
    """What the run should have computed, had nothing changed since the source was published."""
    scale = recipe.scale(run.scale)
    return calculation(recipe, "original", scale.training_images, recipe.validation_images)


def _agreeing(
    recipe: Recipe, runs: Sequence[Run], dataset: Dataset
) -> Tuple[List[Tuple[Hypothesis, float]], List[Calculation]]:
    """The hypotheses that every run agrees with, and how closely; and all that was calculated to find them.

    Two changes at once are tried only if no single one agrees, and nothing is calculated twice: where one of two
    changes nothing, the other has been tried.
    """
    source = _source(recipe, runs[0])
    tried: Dict[Calculation, Optional[float]] = {}
    for candidates in (SINGLE, on_top_of_epsilon()):
        agreeing = []
        for hypothesis in candidates:
            changed = hypothesis.applied(source)
            if changed == source:
                continue
            if changed not in tried:
                tried[changed] = _closeness(changed, runs, dataset)
            closeness = tried[changed]
            if closeness is not None:
                agreeing.append((hypothesis, closeness))
        if agreeing:
            return agreeing, list(tried)
    return [], list(tried)


def _closeness(chosen: Calculation, runs: Sequence[Run], dataset: Dataset) -> Optional[float]:
    """The largest relative difference between the runs and a calculation; None if one of them does not agree."""
    worst = []
    for run in runs:
        found = agreement(chosen, run, dataset, whole=False)
        if found.step is not None:
            return None
        worst.append(found.worst)
    return _largest(worst)


def _unexplained(
    runs: Sequence[Run], asked: Sequence[Agreement], agreeing: Sequence[Hypothesis], tried: Sequence[Calculation]
) -> str:
    """Where the first run that differs does so, and what could not be told apart."""
    run, one = next((run, each) for run, each in zip(runs, asked) if each.step is not None)
    differs = f"seed {run.seed} differs from the source's arithmetic from step {one.step} on"
    figures = f"loss {one.found:.7g} instead of {one.expected:.7g}"
    if agreeing:
        return f"{differs} ({figures}), and the losses cannot tell {' from '.join(each.kind for each in agreeing)}"
    return f"{differs} ({figures}), and none of the {len(tried)} changes tried, alone or in pairs, explains that"


def _largest(values: Sequence[float]) -> float:
    """The largest; NaN if one is NaN."""
    return float(np.max(np.asarray(values, dtype=np.float64), initial=0.0))


def _seeds(runs: Sequence[Run]) -> str:
    seeds = sorted(run.seed for run in runs)
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
