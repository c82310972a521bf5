"""The samples in a gate report of recipes without runs here, together with the stored samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import SampleEntry, samples_of
from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.recipe import SCALES
from mnist_repro.report.groups import published_values
from mnist_repro.runs.problems import Problems


def gate_sample_fields(
    gate: Optional[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]], baselines: Path, problems: Problems
) -> List[Dict[str, Any]]:
    """Recipe, rung and metrics of each such comparison; the metrics have the form of a group's metrics.

    Args:
        gate: as `gate_file.read` gives it; None is allowed.
        groups: groups of the page; recipes with a group are left out.
        baselines: folder of the baselines.
        problems: collects errors of baselines.
    """
    shown = {group["recipe"] for group in groups}
    comparisons: List[Dict[str, Any]] = []
    for name, recipe in (gate or {}).get("recipes", {}).items():
        for each in recipe["comparisons"]:
            if name in RECIPES and name not in shown and each["rung"] in SCALES and each["samples"]:
                with problems.leaving_out():
                    metrics = _metrics(name, each, baselines)
                    comparisons.append({"recipe": name, "rung": each["rung"], "metrics": metrics})
    return comparisons


def _metrics(recipe: str, comparison: Mapping[str, Any], baselines: Path) -> List[Dict[str, Any]]:
    stored = baseline_files.read(baselines, recipe, comparison["rung"])
    entry = stored.entry(comparison["dataset"], comparison["arithmetic"])
    samples = entry if isinstance(entry, SampleEntry) else None
    measured: Mapping[str, Mapping[str, Any]] = comparison["samples"]
    names = dict.fromkeys(name for values in measured.values() for name in values)
    return [_metric(recipe, comparison["rung"], name, measured, samples) for name in names]


def _metric(
    recipe: str, rung: str, name: str, measured: Mapping[str, Mapping[str, Any]], stored: Optional[SampleEntry]
) -> Dict[str, Any]:
    known = {metric.name: metric for metric in stored.metrics} if stored else {}
    return {
        "name": name,
        "stored": samples_of(stored, name) if stored and name in known else {},
        "measured": {seed: values[name] for seed, values in measured.items() if name in values},
        "margin": known[name].margin if name in known else None,
        "published": published_values(RECIPES[recipe], name) if rung == "full" else [],
    }
