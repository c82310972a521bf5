"""Recognises drift: finds the change between a published training and ours that the losses prove. No TensorFlow.

For softmax regressions, the first step losses are compared with the oracle: with the source's arithmetic, then with one
change at a time. For batch normalisation, the same weights are scored with and without zero-debiased statistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate.sentence import joined, made, say
from mnist_repro.recipes import Recipe
from mnist_repro.reproduction.hypotheses import SINGLE, Hypothesis, on_top_of_epsilon
from mnist_repro.reproduction.oracle import Calculation, calculation, can_compute, losses_one_by_one
from mnist_repro.runs.run import Run

NONE = "none"
NOT_RECOGNISED = "not recognised"
NOT_DEBIASED = "moving statistics not zero-debiased"

# Relative, on every step. Rounding reaches 3e-7 in 100 steps; float16 pixels, the smallest change known, 3e-6.
TOLERANCE = 2e-6
# Missing zero-debiasing explains a test loss if the loss is larger by this factor than with debiased statistics.
EXPLAINED = 1.1


@dataclass(frozen=True)
class Drift:
    """The drift that runs show.

    Args:
        kind: name of the drift, `NONE` if the runs computed the same as the source, or `NOT_RECOGNISED`.
        cause: the change, as a sentence; empty if there is no drift or none was recognised.
        evidence: the figures that prove it, as a sentence.
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
    """Step losses, compared with the oracle's losses.

    Args:
        worst: the largest relative difference of the compared steps.
        step: the first step, counted from 1, that differs by more than `TOLERANCE`; None if they agree.
        found: the loss of that step.
        expected: the oracle's loss of that step.
    """

    worst: float
    step: Optional[int] = None
    found: float = math.nan
    expected: float = math.nan


def recognise(recipe: Recipe, runs: Sequence[Run], dataset: Dataset) -> Drift:
    """Recognise the drift in the runs of one recipe, scale and arithmetic, one for each seed.

    The dataset is that of their training.
    """
    if not runs:
        return Drift(NOT_RECOGNISED, "", "there is no run to look at")
    if can_compute(recipe):
        return recognise_softmax(recipe, runs, dataset)
    if any(score.test_debiased for run in runs for score in run.scores):
        return recognise_batch_normalization(runs)
    evidence = say("no oracle computes {recipe}, so there is nothing to hold it against", recipe=recipe.name)
    return Drift(NOT_RECOGNISED, "", evidence)


def recognise_batch_normalization(runs: Sequence[Run]) -> Drift:
    """Recognise missing zero-debiasing: it explains the losses if, at some score, it raises the loss of every run."""
    texts: List[str] = []
    explained = False
    for scores in zip(*(run.scores for run in runs)):
        losses = [(score.test.loss, score.test_debiased.loss) for score in scores if score.test_debiased]
        if len(losses) < len(runs):
            continue
        explained |= all(biased > EXPLAINED * debiased for biased, debiased in losses)
        biased, debiased = np.mean(losses, axis=0)
        losses_text: Dict[str, Any] = {
            "debiased": f"{debiased:.4f}",
            "biased": f"{biased:.4f}",
            "after": scores[0].after,
        }
        texts.append(say(f"{{debiased}} instead of {{biased}} after {{after:{runs[0].unit}}}", **losses_text))
    if not texts:
        return Drift(NOT_RECOGNISED, "", "there is no score at which every run was scored with debiased statistics")
    first = say("debiased, the same weights give other test losses, mean of {seeds}", seeds=_seeds(runs))
    figures = f"a test loss of {', '.join(texts)} (mean of {say('{seeds}', seeds=_seeds(runs))})"
    evidence = made(f"debiased, the same weights give {figures}", joined([first, *texts]).parts)
    if not explained:
        return Drift(NOT_RECOGNISED, "", evidence)
    cause = "Keras 2.1.4 divided moving mean and variance by 1 - momentum**steps, this framework does not"
    return Drift(NOT_DEBIASED, cause, evidence)


def recognise_softmax(recipe: Recipe, runs: Sequence[Run], dataset: Dataset) -> Drift:
    """Recognise from the first step losses the source's arithmetic, a known change, or neither."""
    if not all(run.step_losses for run in runs):
        return Drift(NOT_RECOGNISED, "", "there are runs without step losses, which cannot be held against anything")
    by_source = [agreement(_source(recipe, run), run, dataset) for run in runs]
    worst = _largest([each.worst for each in by_source])
    compared: Dict[str, Any] = {"count": min(len(run.step_losses) for run in runs), "seeds": _seeds(runs)}
    first = "the first {count:step loss/step losses} of {seeds}"
    if all(each.step is None for each in by_source):
        template = f"{first} agree with the source's arithmetic within {{within}} relative"
        return Drift(NONE, "", say(template, within=f"{worst:.1e}", **compared))
    agreeing, tried = _agreeing(recipe, runs, dataset)
    if len(agreeing) != 1:
        return Drift(NOT_RECOGNISED, "", _unexplained(runs, by_source, [candidate for candidate, _ in agreeing], tried))
    [(hypothesis, within)] = agreeing
    step = min(each.step for each in by_source if each.step is not None)
    evidence = say(
        f"{first} agree with an oracle that computes so within {{within}} relative, "
        "and differ from the source's arithmetic by up to {worst}, from step {step} on",
        within=f"{within:.1e}",
        worst=f"{worst:.1e}",
        step=step,
        **compared,
    )
    return Drift(hypothesis.kind, hypothesis.cause, evidence)


def agreement(chosen: Calculation, run: Run, dataset: Dataset, whole: bool = True) -> Agreement:
    """Compare a run's first step losses with the oracle's. Unless ``whole``, stop at the first difference."""
    oracle = losses_one_by_one(chosen, dataset.train_images, dataset.train_labels, run.seed)
    differences: List[float] = []
    first: Optional[Tuple[int, float, float]] = None
    for step, (loss, expected) in enumerate(zip(run.step_losses, oracle), start=1):
        differences.append(abs(loss - expected) / expected if expected else math.inf)
        # Not `>`: a loss that is NaN does not agree.
        if first is None and not differences[-1] <= TOLERANCE:
            first = (step, loss, expected)
            if not whole:
                break
    return Agreement(_largest(differences), *(first or ()))


def _source(recipe: Recipe, run: Run) -> Calculation:
    """The calculation of the source, which a run without drift would agree with."""
    scale = recipe.scale(run.scale)
    return calculation(recipe, "original", scale.training_images, recipe.validation_images)


def _agreeing(
    recipe: Recipe, runs: Sequence[Run], dataset: Dataset
) -> Tuple[List[Tuple[Hypothesis, float]], List[Calculation]]:
    """The hypotheses that every run agrees with, each with its largest difference; and all the calculations tried.

    Two changes at once are tried only if no single change agrees. No calculation is repeated: if one of two changes has
    no effect, the other was already tried alone.
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
    """The largest relative difference between the runs and a calculation; None if a run does not agree."""
    worst = []
    for run in runs:
        compared = agreement(chosen, run, dataset, whole=False)
        if compared.step is not None:
            return None
        worst.append(compared.worst)
    return _largest(worst)


def _unexplained(
    runs: Sequence[Run], by_source: Sequence[Agreement], agreeing: Sequence[Hypothesis], tried: Sequence[Calculation]
) -> str:
    """The evidence of an unexplained difference: its first step, and the hypotheses that all agree."""
    run, difference = next((run, each) for run, each in zip(runs, by_source) if each.step is not None)
    differs = "seed {seed} differs from the source's arithmetic from step {step} on "
    differs += "(loss {found} instead of {expected}), and "
    values: Dict[str, Any] = {"seed": run.seed, "step": difference.step}
    values.update(found=f"{difference.found:.7g}", expected=f"{difference.expected:.7g}")
    if agreeing:
        kinds = [str(each.kind) for each in agreeing]
        return say(f"{differs}the losses cannot tell these apart: {{kinds}}", kinds=kinds, **values)
    none = f"{differs}none of the {{count}} changes tried, alone or in pairs, explains that"
    return say(none, count=len(tried), **values)


def _largest(values: Sequence[float]) -> float:
    """The largest value; NaN if a value is NaN."""
    return float(np.max(np.asarray(values, dtype=np.float64), initial=0.0))


def _seeds(runs: Sequence[Run]) -> Union[range, List[int]]:
    seeds = sorted(run.seed for run in runs)
    consecutive = range(seeds[0], seeds[-1] + 1)
    return consecutive if len(seeds) > 2 and seeds == list(consecutive) else seeds
