"""The value of the `baseline` fixture: reads the baseline, judges, records the verdict, and fails the test."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate import comparison as checked
from mnist_repro.gate import text as gate_text
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.folder import option
from mnist_repro.gate.baselines.judge import judge_fingerprint, judge_samples
from mnist_repro.gate.baselines.values import FINGERPRINT, PUBLISHED
from mnist_repro.gate.comparison import NO_RECIPE, Comparison
from mnist_repro.gate.session.reports import CHECKED
from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.harness.checkable import Measured, NotMeasured, PublishedFigures, Runs, TakenFingerprint
from mnist_repro.harness.published_rung import judge_published
from mnist_repro.recipes import find
from mnist_repro.runs.metrics import metric_values
from mnist_repro.runs.run import Run


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
        comparison = judge(self.folder, measured)
        if self.more_seeds and isinstance(measured, Runs):
            comparison = self._until_conclusive(comparison, measured)
        for name, value in properties(comparison):
            self.record(name, value)
        if comparison.verdict is None:
            pytest.skip("; ".join(comparison.judgement.notes))
        if not comparison.passes:
            pytest.fail(gate_text.failure(comparison), pytrace=False)

    def _until_conclusive(self, comparison: Comparison, runs: Runs) -> Comparison:
        for seeds in AUTO_SEEDS:
            if comparison.verdict is not Verdict.INCONCLUSIVE:
                break
            if seeds > len(runs):
                try:
                    comparison = judge(self.folder, runs.grown_to(seeds))
                except BadInput as error:
                    return judge(self.folder, NotMeasured(runs.recipe, runs.scale, str(error)))
        return comparison


def judge(folder: Path, measured: Measured) -> Comparison:
    """Compare a measurement with its baseline. A baseline that cannot be read gives the verdict incomparable."""
    return replace(_judge(folder, measured), option=option(folder))


def _judge(folder: Path, measured: Measured) -> Comparison:
    recipe, rung = _subject(measured)
    try:
        if isinstance(measured, NotMeasured):
            return checked.incomparable(recipe, rung, checked.MEASUREMENT, measured.reason)
        if isinstance(measured, TakenFingerprint):
            return _fingerprint(folder, measured)
        if isinstance(measured, PublishedFigures):
            judgement = judge_published(find(recipe), baseline_files.read(folder, recipe, "full"))
            return Comparison(PUBLISHED, judgement, "mnist", "original")
        return _samples(folder, recipe, rung, tuple(measured))
    except BadInput as error:
        return checked.incomparable(recipe, rung, "baseline", str(error))


def properties(comparison: Comparison) -> List[Tuple[str, str]]:
    """The properties for JUnit and the gate report: verdict, figures of each finding, and the comparison as JSON."""
    values = [
        (f"{comparison.recipe} {comparison.rung} verdict", comparison.verdict.value if comparison.verdict else "none")
    ]
    for finding in comparison.judgement.findings:
        values.append((f"{comparison.recipe} {comparison.rung}: {finding.name}", gate_text.in_one_line(finding)))
    return [*values, (CHECKED, json.dumps(checked.as_fields(comparison), allow_nan=False))]


def _subject(measured: Measured) -> Tuple[str, str]:
    """The recipe and the rung of a measurement."""
    if isinstance(measured, TakenFingerprint):
        return measured.recipe, FINGERPRINT
    if isinstance(measured, PublishedFigures):
        return measured.recipe, PUBLISHED
    if isinstance(measured, NotMeasured):
        return measured.recipe, measured.rung
    if isinstance(measured, Runs):
        return measured.recipe, measured.scale
    if not isinstance(measured, Sequence) or not all(isinstance(run, Run) for run in measured):
        raise TypeError(f"baseline.check takes runs or a fingerprint, not {type(measured).__name__}")
    return (measured[0].recipe, measured[0].scale) if measured else (NO_RECIPE, "subset")


def _fingerprint(folder: Path, fingerprint: TakenFingerprint) -> Comparison:
    judgement = judge_fingerprint(
        baseline_files.read(folder, fingerprint.recipe, FINGERPRINT),
        fingerprint.exact,
        fingerprint.losses,
        fingerprint.dataset,
        fingerprint.arithmetic,
        fingerprint.provenance,
    )
    return Comparison(FINGERPRINT, judgement, fingerprint.dataset, fingerprint.arithmetic, {}, fingerprint.provenance)


def _samples(folder: Path, recipe: str, rung: str, runs: Sequence[Run]) -> Comparison:
    judgement = judge_samples(baseline_files.read(folder, recipe, rung), runs)
    if not runs:
        return Comparison(rung, judgement)
    first = runs[0]
    samples = {run.seed: metric_values(run) for run in runs}
    return Comparison(rung, judgement, first.dataset["name"], first.arithmetic, samples, first.provenance)
