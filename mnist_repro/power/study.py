"""The study of `mnist-repro power`: chooses the trials and their order, measures them, and sums up the results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import code_digest
from mnist_repro.gate import resampling
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.resampling import Drop
from mnist_repro.gate.verdicts import Judgement
from mnist_repro.power import table, trials
from mnist_repro.power.bugs import Bug
from mnist_repro.power.table import Row, Stored
from mnist_repro.power.trials import ARITHMETIC, Measurement, Trial
from mnist_repro.runs import baselines

# Environment variables that imitate other CPUs and settings, by variant.
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "two threads": {"MNIST_REPRO_THREADS": "2"},
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
}
# Digits of the names of trials' folders.
_DIGITS = 12
# All results of a trial depend on this module and what it imports.
ROOT = "mnist_repro.execution.fingerprint"


@dataclass(frozen=True)
class Plan:
    """The conditions of a study.

    Args:
        bugs: the bugs to plant.
        bugs_file: the file that lists the bugs.
        recipes: the recipes on which to plant them.
        scales: ``subset``, and also ``full`` without --quick.
        baselines: folder of the baselines.
        dataset: the training data.
        data: place of the dataset for the workers, as `mnist_repro.data.locate.load` takes it.
        out: folder for the results.
        processes: number of trials at the same time.
        here: provenance of this TensorFlow.
        code: digest of the source on which all results depend.
    """

    bugs: Tuple[Bug, ...]
    bugs_file: Path
    recipes: Tuple[str, ...]
    scales: Tuple[str, ...]
    baselines: Path
    dataset: Dataset
    data: str
    out: Path
    processes: int
    here: Mapping[str, Any]
    code: str


@dataclass(frozen=True)
class Alarm:
    """The judgement on a fingerprint of unchanged code under other conditions."""

    recipe: str
    variant: str
    judgement: Judgement


@dataclass(frozen=True)
class Result:
    """The results of a study.

    Args:
        rows: for each recipe, the unchanged code and then each bug.
        alarms: judgements on fingerprints under other conditions.
        false_alarms: shares of clean sessions that do not pass: by scale, kind of draw and seeds.
        drops: the smallest detected drop of each metric, by scale.
    """

    rows: Tuple[Row, ...]
    alarms: Tuple[Alarm, ...]
    false_alarms: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    drops: Mapping[str, Tuple[Drop, ...]] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether every bug is caught, and unchanged code never is."""
        return all(row.as_expected for row in self.rows) and not any(
            not alarm.judgement.verdict.passes for alarm in self.alarms
        )


def study(plan: Plan, say: Callable[[str], object]) -> Result:
    """Measure everything that is missing, and judge it.

    Raises:
        BadInput: a baseline is missing or cannot be read, or a process died.
        KeyboardInterrupt: Ctrl-C; finished measurements are kept.
    """
    stored = {recipe: _stored(plan, recipe) for recipe in plan.recipes}
    pairs = [(trial, bug) for recipe in plan.recipes for trial, bug in _trials(plan, recipe)]
    seeds: Dict[Trial, Dict[str, int]] = {trial: {} for trial, _ in pairs}
    for scale in plan.scales:
        _measure_scale(plan, scale, [trial for trial, _ in pairs], stored, seeds, say)
    rows = tuple(
        table.row(trial, bug.sentence if bug else "", stored[trial.recipe], seeds[trial]) for trial, bug in pairs
    )
    entries = {scale: {name: files.samples(scale) for name, files in stored.items()} for scale in plan.scales}
    say("simulating sessions from the stored samples")
    return Result(
        rows,
        _alarms(plan, stored, say),
        {scale: resampling.false_alarms(found) for scale, found in entries.items()},
        {
            scale: tuple(drop for name, entry in found.items() for drop in resampling.smallest_drops(name, entry))
            for scale, found in entries.items()
        },
    )


def _measure_scale(
    plan: Plan,
    scale: str,
    scale_trials: Sequence[Trial],
    stored: Mapping[str, Stored],
    seeds: Dict[Trial, Dict[str, int]],
    say: Callable[[str], object],
) -> None:
    """Make the runs of a scale, and more runs while a trial is inconclusive. The first scale includes fingerprints."""
    first: List[Measurement] = [Measurement(FINGERPRINT)] if scale == plan.scales[0] else []
    seeds_by_trial = dict.fromkeys(scale_trials, table.SEEDS)
    while seeds_by_trial:
        needed = {
            trial: [*first, *table.parts(trial, stored[trial.recipe], scale, count)]
            for trial, count in seeds_by_trial.items()
        }
        trials.measure_all(list(needed.items()), plan.data, plan.bugs_file, plan.processes, say)
        for trial, count in seeds_by_trial.items():
            seeds[trial][scale] = count
        more = {
            trial: table.more_seeds(trial, stored[trial.recipe], scale, count)
            for trial, count in seeds_by_trial.items()
        }
        seeds_by_trial = {trial: count for trial, count in more.items() if count > seeds_by_trial[trial]}


def _alarms(plan: Plan, stored: Mapping[str, Stored], say: Callable[[str], object]) -> Tuple[Alarm, ...]:
    pairs = [
        (Trial(recipe, None, _folder(plan, recipe, None, variant), environment), variant)
        for variant, environment in VARIANTS.items()
        for recipe in plan.recipes
    ]
    fingerprints = [(trial, [Measurement(FINGERPRINT)]) for trial, _ in pairs]
    trials.measure_all(fingerprints, plan.data, plan.bugs_file, plan.processes, say)
    return tuple(
        Alarm(trial.recipe, variant, table.fingerprint_judgement(trial, stored[trial.recipe]))
        for trial, variant in pairs
    )


def _trials(plan: Plan, recipe: str) -> List[Tuple[Trial, Optional[Bug]]]:
    """The trials of a recipe: its unchanged code, and each bug that is planted on it."""
    bugs = [bug for bug in plan.bugs if recipe in bug.recipes]
    return [
        (Trial(recipe, bug.name if bug else None, _folder(plan, recipe, bug)), bug)
        for bug in ([None, *bugs] if bugs else [])
    ]


def _folder(plan: Plan, recipe: str, bug: Optional[Bug], variant: str = "") -> Path:
    """The folder of a trial's results; its name has everything on which they depend."""
    depends = {
        "code": plan.code,
        "bug": code_digest.of_file(plan.bugs_file) if bug else None,
        "dataset": plan.dataset.sha256,
        "here": {name: plan.here[name] for name in ("python", "tensorflow", "keras", "numpy", "machine", "cpu")},
    }
    key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:_DIGITS]
    name = bug.name if bug else "-".join(["clean", *variant.split()])
    return plan.out / recipe / name / key


def _stored(plan: Plan, recipe: str) -> Stored:
    """The baselines of a recipe, each with an entry for this dataset and, for the fingerprint, this platform.

    Raises:
        BadInput: a baseline is missing.
    """
    conditions = baselines.conditions_of(plan.dataset.name, ARITHMETIC)
    files = {rung: baselines.read(plan.baselines, recipe, rung, conditions) for rung in baselines.RUNGS}
    for rung in (FINGERPRINT, *plan.scales):
        platform = str(plan.here["platform"]) if rung == FINGERPRINT else ""
        if files[rung].entry(conditions, platform) is None:
            owner = files[rung].owner
            key = ", ".join(filter(None, (*conditions.values(), platform)))
            raise BadInput(
                f"{plan.baselines} has no {rung} of {recipe} for {key}",
                "what a gate sees can only be said of one that has something to compare with",
                f"{owner.record}, then {owner.accept} …; or other recipes with --recipe",
            )
    return Stored(files, plan.dataset.name)
