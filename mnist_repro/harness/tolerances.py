"""Makes the entries of baselines from runs and fingerprints, with the tolerances of our recipes. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

from mnist_repro.display import counted
from mnist_repro.errors import BadInput
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.gate.baselines.values import FingerprintEntry, SampleEntry
from mnist_repro.gate.margins import MANY_SEEDS, spread_metric
from mnist_repro.gate.statistics import FEWEST_PAIRED, FEWEST_STORED
from mnist_repro.gate.verdicts import Metric
from mnist_repro.recipes import Recipe, find
from mnist_repro.runs.baselines import conditions_of
from mnist_repro.runs.metrics import direction, is_share, metric_names, metric_values
from mnist_repro.runs.run import Run

# Relative. In a comparison seed by seed, float32 rounding stays below this on every TensorFlow and CPU.
PAIRED_TOLERANCE = 2e-6
# Margin in images: rounding may change the class of one image on a boundary, but not of two.
IMAGES = 1.5


def sample_entry(
    recipe: Recipe,
    rung: str,
    runs: Sequence[Run],
    code: str,
    previous: Optional[SampleEntry] = None,
) -> SampleEntry:
    """The entry to propose for these runs.

    The runs are one for each seed, all of one dataset and arithmetic. The margins, directions and reasons of the
    previous entry are kept.

    Raises:
        BadInput: a metric of a run is missing or not finite, or the spread of the samples cannot be calculated.
    """
    names = metric_names(recipe, rung)
    samples = {run.seed: _checked(run, names) for run in sorted(runs, key=lambda run: run.seed)}
    paired = recipe.is_softmax_regression
    previous_metrics = {} if previous is None else {metric.name: metric for metric in previous.metrics}
    images = runs[0].counts["test_images"]
    metrics = []
    for name in names:
        values = [values[name] for values in samples.values()]
        better = direction(name)
        chosen = previous_metrics.get(name) or (
            paired_metric(name, better, values, images) if paired else spread_metric(name, better, values)
        )
        metrics.append(chosen)
    provenance = {**joint_provenance(runs), "dataset_sha256": runs[0].dataset["sha256"], "code": code}
    conditions = conditions_of(runs[0].dataset["name"], runs[0].arithmetic)
    return SampleEntry(conditions, paired, tuple(metrics), samples, provenance, ())


def paired_metric(name: str, direction: str, values: Sequence[float], test_images: int) -> Metric:
    """A metric that is compared seed by seed; its margin is the largest effect of float32 rounding."""
    if is_share(name):
        reason = f"{IMAGES} of {test_images:,} images: rounding may move one that lies on a boundary, not two"
        return Metric(name, direction, IMAGES / test_images, reason)
    mean = sum(values) / len(values)
    reason = (
        f"{PAIRED_TOLERANCE:.0e} of the mean: seed by seed float32 rounding stays below on every TensorFlow and CPU"
    )
    return Metric(name, direction, float(f"{PAIRED_TOLERANCE * abs(mean):.3g}"), reason)


def require_enough(recipe: Recipe, seeds: int) -> None:
    """Make sure that this number of runs can serve as a baseline.

    Raises:
        BadInput: the runs are too few.
    """
    how, fewest = (
        ("seed by seed", FEWEST_PAIRED) if recipe.is_softmax_regression else ("as distributions", FEWEST_STORED)
    )
    if seeds < fewest:
        raise BadInput(
            f"{counted(seeds, 'seed')} of {recipe.name}",
            f"its runs are compared {how}, and fewer than {fewest} say too little",
            f"--seeds {MANY_SEEDS}",
        )


def taken_entry(taken: TakenFingerprint) -> FingerprintEntry:
    """A fingerprint in the form that is stored, with the tolerance of its recipe."""
    recipe = find(taken.recipe)
    conditions, platform = conditions_of(taken.dataset, taken.arithmetic), str(taken.provenance["platform"])
    allowed = recipe.fingerprint_tolerance, tolerance_reason(recipe)
    return FingerprintEntry(conditions, platform, taken.exact, taken.losses, *allowed, taken.provenance, ())


def fingerprint_entry(taken: TakenFingerprint, previous: Optional[FingerprintEntry] = None) -> FingerprintEntry:
    """The entry to propose for a fingerprint.

    The tolerance and reason of the previous entry are kept.

    Raises:
        BadInput: a loss is not finite.
    """
    lost = next((name for name, value in taken.losses.items() if not math.isfinite(value)), None)
    if lost is not None:
        raise BadInput(
            f"{taken.recipe}: {lost} is {taken.losses[lost]}",
            "nothing can be compared with what is not a finite number, so that it is not stored",
            "find out why the recipe diverges, then record again",
        )
    entry = taken_entry(taken)
    return entry if previous is None else replace(entry, tolerance=previous.tolerance, reason=previous.reason)


def tolerance_reason(recipe: Recipe) -> str:
    """The reason of the tolerance of a recipe's fingerprint, as text."""
    if recipe.is_softmax_regression:
        return "float32 rounding stays below this, as it does not grow from step to step"
    return "ten times what threads, oneDNN and instruction sets make of these first steps; later ones are chaotic"


def joint_provenance(runs: Sequence[Run]) -> Dict[str, Any]:
    """The joint provenance of several runs: one value if all runs have it, else all the values."""
    joint: Dict[str, Any] = {}
    for name in runs[0].provenance:
        values: List[Any] = []
        for run in runs:
            value = run.provenance.get(name)
            values += [value] if value not in values else []
        # Of packages, which are many, those of the first run.
        joint[name] = values[0] if len(values) == 1 or name == "packages" else ", ".join(map(str, values))
    # Times differ from run to run: the latest end and the total are the most useful values.
    joint["finished"] = max(str(run.provenance["finished"]) for run in runs)
    joint["seconds"] = round(sum(float(run.provenance["seconds"]) for run in runs), 3)
    return joint


def _checked(run: Run, names: Sequence[str]) -> Dict[str, float]:
    values = metric_values(run)
    if set(values) != set(names):
        odd = ", ".join(sorted(set(values) ^ set(names)))
        raise BadInput(
            f"the run of {run.recipe}, seed {run.seed}, and the recipe's metrics differ in {odd}",
            f"recorded are {', '.join(names)}",
            "remove that run's folder and record again",
        )
    lost = next((name for name in names if not math.isfinite(values[name])), None)
    if lost is not None:
        raise BadInput(
            f"{run.recipe}, seed {run.seed}: {lost} is {values[lost]}",
            "nothing can be compared with what is not a finite number, so that no sample of this recipe is proposed",
            "find out why this seed diverges, then record again",
        )
    return {name: values[name] for name in names}
