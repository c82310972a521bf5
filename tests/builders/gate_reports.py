"""Gate reports of sessions that nobody ran."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from mnist_repro.gate.comparison import FINGERPRINT, SAMPLES, Comparison
from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.report import Report, ReportEntry, Session
from mnist_repro.gate.verdicts import Judgement
from mnist_repro.harness import fixture as checking
from mnist_repro.harness.fixture import Judged
from mnist_repro.recipes import RECIPES
from tests.builders.gate_cases import fingerprint, runs

SESSION = Session(
    settings={"seeds": "5", "scale": "subset", "arithmetic": "original"},
    started="2020-02-20T20:20:20+00:00",
    versions={"mnist_repro": "1.0", "pytest": "9.0", "python": "3.11"},
    finished="2020-02-20T20:21:20+00:00",
    exit_code=0,
    complete=True,
    expected=tuple(RECIPES),
)


def entry(found: Optional[Comparison], outcome: str = "passed", reason: str = "") -> ReportEntry:
    name, kind = (found.name, found.kind) if found else ("vgg7/subset", SAMPLES)
    test = f"tests/test_it.py::test_recipe[{name.replace('/', '-')}]"
    return ReportEntry(test, outcome, name, kind, found, reason)


def judged(folder: Path, measured: Judged) -> ReportEntry:
    found = checking.judge(folder, measured)
    return entry(found, "passed" if found.verdict and found.verdict.passes else "failed")


def passing(folder: Path) -> ReportEntry:
    return judged(folder, runs())


def failing(folder: Path) -> ReportEntry:
    return judged(folder, runs(better=0.25))


def note_only() -> ReportEntry:
    """A fingerprint of a platform for which none is stored."""
    judgement = Judgement((), ("no fingerprint is stored for aarch64",))
    return entry(Comparison("vgg7/fingerprint", FINGERPRINT, judgement), "skipped")


def report(*entries: ReportEntry, **session: Any) -> Report:
    return Report(replace(SESSION, **session), entries)


def golden(folder: Path) -> Report:
    wheel = judged(folder, runs("wheel-softmax", seeds=(0, 1, 2)))
    changed = judged(folder, fingerprint(losses={"loss of step 1": 2.3125, "loss of step 2": 2.5}))
    without = ReportEntry(
        "tests/test_it.py::test_recipe[tf-cnn-full]", "failed", "tf-cnn/full", SAMPLES, None, "worker crashed"
    )
    found = report(wheel, note_only(), changed, failing(folder), without, exit_code=1)
    # Digits that another machine's rounding does not change.
    return replace(
        found, entries=tuple(map(_rounded, found.entries)), other_failures=("tests/test_other.py::test_a|b",)
    )


def _rounded(found: ReportEntry) -> ReportEntry:
    if found.checked is None:
        return found
    findings = tuple(
        replace(finding, interval=Interval(round(finding.interval.low, 6), round(finding.interval.high, 6)))
        if finding.interval
        else finding
        for finding in found.checked.judgement.findings
    )
    samples = {
        seed: {name: round(value, 9) for name, value in values.items()}
        for seed, values in found.checked.samples.items()
    }
    judgement = replace(found.checked.judgement, findings=findings)
    return replace(found, checked=replace(found.checked, judgement=judgement, samples=samples))
