"""Baselines and runs that nobody measured, for tests of what is stored, judged and proposed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, Change, FingerprintEntry, SampleEntry
from mnist_repro.gate.measured_values import Exact
from mnist_repro.gate.verdicts import Metric
from mnist_repro.recipes import find
from mnist_repro.runs import baselines
from mnist_repro.runs.log import Line
from mnist_repro.runs.run import Run
from tests.builders import made_up

LOSS, ACCURACY, TRAINING = "test_loss after 3 epochs", "test_accuracy after 3 epochs", "training_loss after 3 epochs"
FIRST = Change("2026-01-02T03:04:05+00:00", "first recording")
HERE: Dict[str, Any] = {
    "commit": "c0ffee",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "machine": "x86_64",
    "platform": "x86_64, TensorFlow 2.21, Keras 3.15",
    "threads": 1,
    "switches": {},
    "finished": "2026-01-02T03:00:00+00:00",
    "seconds": 1.5,
    "code": "0123456789ab",
}
PLATFORM = str(HERE["platform"])
CONDITIONS = {"dataset": "mnist", "arithmetic": "original"}
SURROGATE = {**CONDITIONS, "dataset": "surrogate"}

# Losses of so many seeds, with a standard deviation of 0.001.
SPREAD = tuple(0.05 + 0.001 * each for each in (-1.2, 0.4, 1.7, -0.3, 0.1, -1.5, 0.9, -0.6, 1.1, -0.2, 0.5, -0.9))


def rounding() -> Tuple[Metric, ...]:
    """The same where runs are compared seed by seed."""
    return metrics(1e-6, 1e-6)


def metrics(loss: float = 0.005, accuracy: float = 0.002) -> Tuple[Metric, ...]:
    """Those of wheel-softmax at subset scale, with these margins."""
    return (
        Metric(LOSS, "lower", loss, "five standard deviations"),
        Metric(ACCURACY, "higher", accuracy, "twenty images"),
        Metric(TRAINING, "lower", loss, "five standard deviations"),
    )


def values(loss: float) -> Dict[str, float]:
    """A run's metrics, all of which follow from its loss."""
    return {LOSS: loss, ACCURACY: 1.0 - loss, TRAINING: loss + 0.5}


def samples(losses: Sequence[float] = SPREAD, paired: bool = False, **changes: Any) -> SampleEntry:
    """Runs of seeds 0, 1, … with these losses."""
    entry = SampleEntry(
        conditions=CONDITIONS,
        paired=paired,
        metrics=rounding() if paired else metrics(),
        samples={seed: values(loss) for seed, loss in enumerate(losses)},
        provenance=HERE,
        history=(FIRST,),
    )
    return replace(entry, **changes)


def fingerprint(
    exact: Optional[Mapping[str, Exact]] = None, losses: Optional[Mapping[str, float]] = None, **changes: Any
) -> FingerprintEntry:
    entry = FingerprintEntry(
        conditions=CONDITIONS,
        platform=PLATFORM,
        exact={"steps": 9380, "images in the last batch": 96} if exact is None else exact,
        close={"loss of step 1": 2.5, "loss of step 2": 2.25} if losses is None else losses,
        tolerance=2e-6,
        reason="rounding stays below",
        provenance=HERE,
        history=(FIRST,),
    )
    return replace(entry, **changes)


def subset(*entries: SampleEntry, recipe: str = "wheel-softmax") -> BaselineFile:
    return _file(recipe, "subset", entries or (samples(),))


def fingerprints(*entries: FingerprintEntry, recipe: str = "wheel-softmax") -> BaselineFile:
    return _file(recipe, "fingerprint", entries or (fingerprint(),))


def _file(recipe: str, rung: str, entries: Sequence[BaselineEntry]) -> BaselineFile:
    owner = baselines.owner(Path("baselines"), recipe, rung)
    return BaselineFile(baselines.name_of(recipe, rung), baselines.kind_of(rung), tuple(entries), owner)


def run(seed: int, loss: float, recipe: str = "wheel-softmax", scale: str = "subset", **changes: Any) -> Run:
    """A run with every metric of its recipe and scale, as `values` has them for this loss."""
    chosen = find(recipe).scale(scale)
    accuracy = 1.0 - loss if math.isfinite(loss) else math.nan
    scores = [made_up.score(after, loss, accuracy) for after in chosen.scored_after]
    made = made_up.run(recipe, seed, *scores, unit=chosen.budget.unit, scale=scale)
    fields: Dict[str, Any] = {
        "log": (Line(after=chosen.budget.count, loss=loss + 0.5, accuracy=0.9),),
        "dataset": {"name": "mnist", "sha256": made_up.dataset("mnist").sha256, "source": "made up"},
        "counts": {**made.counts, "test_images": 10_000},
        "provenance": {name: value for name, value in HERE.items() if name != "code"},
    }
    return replace(made, **{**fields, **changes})


def runs(losses: Sequence[float], **changes: Any) -> Tuple[Run, ...]:
    return tuple(run(seed, loss, **changes) for seed, loss in enumerate(losses))
