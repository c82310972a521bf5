"""Judges runs that exist already, wherever they were made, and makes a gate report of them."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import List, Sequence, Tuple

import mnist_repro
from mnist_repro.errors import ExitCode
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.report import Report, ReportEntry, Session
from mnist_repro.harness.fixture import Judged, PublishedFigures, judge
from mnist_repro.runs.found import FoundRun


def gate_report(baselines: Path, groups: Sequence[Sequence[FoundRun]], started: str, complete: bool) -> Report:
    """Compare each group of runs with the stored runs. At the full scale, those also with the published figures.

    The runs of a group are of one recipe, scale, arithmetic, dataset and platform. ``started`` is an ISO 8601 time, and
    ``complete`` says whether every run could be read.
    """
    entries = tuple(entry for group in groups for entry in _entries(baselines, group))
    runs = [each.run for group in groups for each in group]
    settings = {
        "seeds": str(max(len(group) for group in groups)) if groups else "1",
        "scale": ", ".join(sorted({run.scale for run in runs})),
        "arithmetic": ", ".join(sorted({run.arithmetic for run in runs})),
    }
    versions = {"mnist_repro": mnist_repro.__version__, "python": platform.python_version()}
    passes = Report(Session({}, "", {}), entries).comparisons_pass
    exit_code = ExitCode.BAD_INPUT if not complete else ExitCode.PASSED if passes else ExitCode.VERDICT
    return Report(Session(settings, started, versions, started, int(exit_code), complete), entries)


def _entries(baselines: Path, group: Sequence[FoundRun]) -> List[ReportEntry]:
    first = group[0].run
    measured: List[Tuple[str, Judged]] = [(_place(group), [each.run for each in group])]
    if first.scale == "full":
        measured.append((str(baselines), PublishedFigures(first.recipe)))
    return [_entry(place, judge(baselines, each)) for place, each in measured]


def _entry(place: str, made: Comparison) -> ReportEntry:
    outcome = "skipped" if made.verdict is None else "passed" if made.passes else "failed"
    return ReportEntry(place, outcome, made.name, made.kind, made)


def _place(group: Sequence[FoundRun]) -> str:
    return str(group[0].folder) if len(group) == 1 else f"{group[0].folder} and {len(group) - 1} more"
