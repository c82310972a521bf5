"""The value of the `baseline` fixture: reads the baseline, judges, records the verdict, and fails the test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Sequence, Tuple, Union

from mnist_repro.errors import BadInput
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.gate import comparison as checked
from mnist_repro.gate.baselines.judge import (
    compared,
    judge_fingerprint,
    same_bits,
)
from mnist_repro.gate.comparison import FINGERPRINT, PUBLISHED, SAMPLES, Comparison, Step
from mnist_repro.gate.sentence import say
from mnist_repro.gate.session.reports import conclude
from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.gate.verdicts import Judgement, Verdict
from mnist_repro.harness.tolerances import taken_entry
from mnist_repro.recipes import find
from mnist_repro.reproduction.judgement import judge_published
from mnist_repro.runs import baselines
from mnist_repro.runs.run import Run


@dataclass(frozen=True)
class Runs:
    """Runs of one recipe at one scale, and a function that makes more of them.

    Args:
        made: at least one run, each of a different seed.
        make: takes a number of seeds, and returns one run for each seed from 0. It raises BadInput if one cannot be
            made.
    """

    made: Tuple[Run, ...]
    make: Callable[[int], Tuple[Run, ...]]


@dataclass(frozen=True)
class PublishedFigures:
    """The figures that a recipe's source printed. They are compared with stored samples, without a measurement."""

    recipe: str


@dataclass(frozen=True)
class NotMeasured:
    """Why there is nothing to compare."""

    recipe: str
    rung: str
    reason: str


# What is judged; `Runs` are judged as a sequence, which may grow.
Judged = Union[Sequence[Run], TakenFingerprint, PublishedFigures, NotMeasured]
Measured = Union[Runs, Judged]


@dataclass(frozen=True)
class Baseline:
    """The stored baselines, as a test sees them.

    Args:
        folder: folder of the baselines.
        record: called with name and value of each property of the test's report.
        more_seeds: whether to make more runs while the verdict is inconclusive.
    """

    folder: Path
    record: Callable[[str, str], None]
    more_seeds: bool = False

    def check(self, measured: Measured) -> None:
        """Compare with the stored baseline, and fail the test unless the verdict is equivalent.

        If this rung gives no verdict, the test is skipped visibly, and the other rungs decide.
        """
        __tracebackhide__ = True
        if self.more_seeds and isinstance(measured, Runs):
            comparison = self._until_conclusive(measured)
        else:
            judged = measured.made if isinstance(measured, Runs) else measured
            comparison = judge(self.folder, judged, len(AUTO_SEEDS) if self.more_seeds else 1)
        conclude(comparison, self.record)

    def _until_conclusive(self, measured: Runs) -> Comparison:
        runs = measured.made
        try:
            if len(runs) < AUTO_SEEDS[0] and not _have_stored_bits(self.folder, runs):
                # Statistics look at as many seeds as `AUTO_SEEDS` says, and at no fewer.
                runs = measured.make(AUTO_SEEDS[0])
            comparison = judge(self.folder, runs, len(AUTO_SEEDS))
            for seeds in AUTO_SEEDS:
                if comparison.verdict is Verdict.INCONCLUSIVE and seeds > len(runs):
                    comparison = judge(self.folder, measured.make(seeds), len(AUTO_SEEDS))
        except BadInput as error:
            return judge(self.folder, NotMeasured(runs[0].recipe, runs[0].scale, str(error)))
        return comparison


def judge(folder: Path, measured: Judged, looks: int = 1) -> Comparison:
    """Compare a measurement with its baseline. A baseline that cannot be read gives the verdict incomparable."""
    if isinstance(measured, Sequence) and not measured:
        return checked.incomparable(checked.NOTHING, SAMPLES, "baseline", "no run was made")
    recipe, rung = _subject(measured)
    name, kind = baselines.name_of(recipe, rung), baselines.kind_of(rung)
    try:
        if isinstance(measured, NotMeasured):
            return checked.incomparable(name, kind, checked.MEASUREMENT, measured.reason)
        if isinstance(measured, TakenFingerprint):
            return _fingerprint(folder, measured)
        if isinstance(measured, PublishedFigures):
            judgement = judge_published(find(recipe), baselines.read(folder, recipe, "full"))
            show = baselines.owner(folder, recipe, "full").show
            steps: Tuple[Step, ...] = (
                ("to see the stored samples", show),
                ("to see all that was published", f"mnist-repro reproduce {recipe}"),
            )
            return Comparison(name, kind, judgement, baselines.PUBLISHED_CONDITIONS, steps=steps)
        return _samples(folder, recipe, rung, tuple(measured), looks)
    except BadInput as error:
        return checked.incomparable(name, kind, "baseline", str(error))


def _subject(measured: Judged) -> Tuple[str, str]:
    """The recipe and the rung of a measurement."""
    if isinstance(measured, TakenFingerprint):
        return measured.recipe, FINGERPRINT
    if isinstance(measured, PublishedFigures):
        return measured.recipe, PUBLISHED
    if isinstance(measured, NotMeasured):
        return measured.recipe, measured.rung
    if not isinstance(measured, Sequence) or not all(isinstance(run, Run) for run in measured):
        raise TypeError(f"baseline.check takes runs or a fingerprint, not {type(measured).__name__}")
    return measured[0].recipe, measured[0].scale


def _fingerprint(folder: Path, taken: TakenFingerprint) -> Comparison:
    measured = taken_entry(taken)
    stored = baselines.read(folder, taken.recipe, FINGERPRINT, measured.conditions)
    named = taken.dataset in baselines.DATASETS
    judgement = judge_fingerprint(stored, measured) if named else baselines.without_baseline(taken.dataset)
    return compared(stored, _with_note(judgement, taken.dataset), measured)


def _samples(folder: Path, recipe: str, rung: str, runs: Sequence[Run], looks: int) -> Comparison:
    measured = baselines.measured_samples(runs)
    stored = baselines.read(folder, recipe, rung, measured.conditions)
    judgement = _with_note(baselines.judge_runs(stored, runs, looks), runs[0].dataset["name"])
    return compared(stored, judgement, measured)


def _have_stored_bits(folder: Path, runs: Sequence[Run]) -> bool:
    """Whether every run gave what is stored for its seed, to the last bit."""
    try:
        stored = baselines.read(folder, runs[0].recipe, runs[0].scale)
    except BadInput:
        return True  # a baseline that cannot be read: more runs would not help
    return same_bits(stored, baselines.measured_samples(runs))


def _with_note(judgement: Judgement, dataset: str) -> Judgement:
    """The judgement, with a note if what was measured is no MNIST."""
    if dataset == baselines.DATASETS[0]:
        return judgement
    return replace(judgement, notes=(*judgement.notes, say("NOT MNIST: trained on {data} data", data=dataset)))
