"""Baselines and runs that nobody measured, for tests of what is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, Change, FingerprintEntry, SampleEntry
from mnist_repro.gate.verdicts import Metric
from mnist_repro.recipes import find
from mnist_repro.runs import baselines
from mnist_repro.runs.log import Line
from mnist_repro.runs.metrics import direction, metric_names, metric_values
from mnist_repro.runs.run import Run, platform_name
from tests.builders import made_up

SPREAD = 0.002
MARGIN = 0.02
PROVENANCE: Mapping[str, Any] = {
    "commit": "0123abc",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "machine": "x86_64",
    "platform": "x86_64, TensorFlow 2.21, Keras 3.15",
    "threads": 1,
}
PLATFORM = str(PROVENANCE["platform"])
CONDITIONS = {"dataset": "mnist", "arithmetic": "original"}
EXACT = {"steps of the whole budget": 1180, "right with given weights": 1035}
LOSSES = {"loss of step 1": 2.3125, "loss of step 2": 2.25}


def run(recipe: str = "vgg7", seed: int = 0, scale: str = "subset", better: float = 0.0, spread: float = SPREAD) -> Run:
    """A run whose losses are ``better`` lower, and whose accuracies are as much higher, than the stored ones' mean."""
    chosen = find(recipe).scale(scale)
    noise = spread * ((seed * 37 + 11) % 17 - 8) / 8
    scores = [made_up.score(after, 0.5 - better + noise, 0.75 + better - noise) for after in chosen.scored_after]
    made = made_up.run(recipe, seed, *scores, unit=chosen.budget.unit, scale=scale)
    log = (Line(after=chosen.budget.count, loss=0.625 - better + noise),)
    return replace(made, log=log, provenance={**PROVENANCE, "seconds": 1.5})


def runs(recipe: str = "vgg7", seeds: Sequence[int] = (100, 101, 102), **arguments: Any) -> Tuple[Run, ...]:
    """Runs of seeds that are not among the stored ones, unless they are asked for."""
    return tuple(run(recipe, seed, **arguments) for seed in seeds)


def entry(recipe: str = "vgg7", scale: str = "subset", seeds: int = 16, margin: float = MARGIN) -> SampleEntry:
    """What would be stored of the runs of these seeds."""
    paired = "softmax" in recipe
    metrics = tuple(
        Metric(name, direction(name), 1e-6 if paired else margin, "made up")
        for name in metric_names(find(recipe), scale)
    )
    samples = {seed: metric_values(run(recipe, seed, scale)) for seed in range(seeds)}
    change = Change("2020-02-20", "first recording")
    return SampleEntry(CONDITIONS, paired, metrics, samples, PROVENANCE, (change,))


def stored(recipe: str = "vgg7", scale: str = "subset", **arguments: Any) -> BaselineFile:
    """A baseline file with one entry."""
    return _file(recipe, scale, entry(recipe, scale, **arguments))


def fingerprint(recipe: str = "vgg7", losses: Optional[Dict[str, float]] = None, **provenance: str) -> TakenFingerprint:
    """The stored fingerprint, taken again."""
    told = {**PROVENANCE, **provenance}
    told["platform"] = platform_name(told)
    return TakenFingerprint(recipe, "mnist", "original", EXACT, LOSSES if losses is None else losses, told)


def stored_fingerprint(recipe: str = "vgg7") -> BaselineFile:
    """A fingerprint's baseline file."""
    change = Change("2020-02-20", "first recording")
    made = FingerprintEntry(CONDITIONS, PLATFORM, EXACT, LOSSES, 1e-3, "made up", PROVENANCE, (change,))
    return _file(recipe, "fingerprint", made)


def _file(recipe: str, rung: str, made: BaselineEntry) -> BaselineFile:
    owner = baselines.owner(Path("baselines"), recipe, rung)
    return BaselineFile(baselines.name_of(recipe, rung), baselines.kind_of(rung), (made,), owner)


def store(folder: Path, *files: BaselineFile) -> Path:
    """Write baselines into a folder, which is returned."""
    for file in files:
        baseline_files.write(folder, file)
    return folder
