"""Gate reports of many sessions that nobody ran, as CI's artifacts: one folder each."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np

from mnist_repro.gate.comparison import FINGERPRINT, SAMPLES, Comparison
from mnist_repro.gate.report import JSON, Report, ReportEntry, Session, as_json
from mnist_repro.gate.statistics import compare_distributions
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict
from mnist_repro.trend.sessions import Key, Point, Series

FIRST = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
PROVENANCE = {"machine": "x86_64", "platform": "x86_64, NumPy 2.4", "python": "3.11.7", "cpu": "a CPU"}
# Where a metric is stored: mean and margin.
STORED, MARGIN, NOISE, SEEDS = 0.95, 0.02, 0.003, 5


def when(at: int) -> str:
    return (FIRST + datetime.timedelta(hours=2 * at)).isoformat()


def commit(at: int) -> str:
    return f"{at:012x}{'0' * 28}"


def stored(mean: float = STORED, noise: float = NOISE) -> Dict[int, float]:
    return dict(enumerate(mean + noise * np.random.default_rng(7).normal(size=16)))


def comparison(
    name: str,
    at: int,
    samples: Mapping[int, Mapping[str, float]],
    baselines: Mapping[str, Mapping[int, float]],
    margin: float = MARGIN,
    conditions: Mapping[str, str] = {},
    **provenance: Any,
) -> Comparison:
    """A comparison of samples as the gate makes it."""
    findings = tuple(
        compare_distributions(
            Metric(metric, "higher", margin, "chosen", "no worse"),
            old,
            {seed: row[metric] for seed, row in samples.items()},
        )
        for metric, old in baselines.items()
    )
    origin = {"commit": commit(at), **PROVENANCE, "finished": when(at), **provenance}
    return Comparison(name, SAMPLES, Judgement(findings), conditions, samples, origin)


def fingerprint(name: str, at: int, verdict: Verdict) -> Comparison:
    found = Finding("exact values", verdict, "1 exact value compared")
    return Comparison(name, FINGERPRINT, Judgement((found,)), {}, {}, {"commit": commit(at), **PROVENANCE})


def write(folder: Path, at: int, *found: Optional[Comparison], name: str = "", complete: bool = True) -> Path:
    """One session; None is a test that died before it compared anything."""
    entries = tuple(
        ReportEntry(f"test_it.py::test_{number}", "passed" if each and each.passes else "failed",
                    each.name if each else "digits", each.kind if each else SAMPLES, each)
        for number, each in enumerate(found)
    )  # fmt: skip
    session = Session({"seeds": "5"}, when(at), {"pytest": "9.0", "python": "3.11.7"}, when(at), 0, complete)
    file = folder / (name or f"session-{at}") / JSON
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_json(Report(session, entries)), encoding="utf-8")
    return file


def edit(file: Path, place: Sequence[Any], value: object) -> None:
    """Set one value in a gate report."""
    fields = inner = json.loads(file.read_text(encoding="utf-8"))
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    file.write_text(json.dumps(fields), encoding="utf-8")


def generate(folder: Path, sessions: int, metrics: int, slope: float = 0.0, drift_from: int = 0, seed: int = 0) -> None:
    """Sessions of a gate with some metrics; the first one falls by ``slope`` in each session from ``drift_from`` on."""
    noise = np.random.default_rng(seed)
    names = ["accuracy", *(f"metric {number}" for number in range(1, metrics))]
    baselines = {name: stored() for name in names}
    for at in range(sessions):
        rows = STORED + NOISE * noise.normal(size=(SEEDS, metrics))
        rows[:, 0] -= slope * max(0, at - drift_from)
        samples = {seed: dict(zip(names, map(float, row))) for seed, row in enumerate(rows)}
        write(folder, at, comparison("digits", at, samples, baselines))


def series(values: Sequence[float], margin: float = MARGIN, mean: float = STORED, changed: int = 0) -> Series:
    """A metric with these means; the baseline moves by a margin at ``changed``."""
    points = [
        Point(3600.0 * at, commit(at), Verdict.NO_WORSE, False, {0: value}, mean + margin * (at < changed), margin,
              everything={0: value})
        for at, value in enumerate(values)
    ]  # fmt: skip
    return Series(Key("digits", SAMPLES, "accuracy", (), ""), points)
