"""The samples in a gate report of recipes without runs here, together with the stored samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence

from mnist_repro.gate.baselines.values import SampleEntry, samples_of
from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.recipe import SCALES
from mnist_repro.report.groups import published_values
from mnist_repro.report.values import Gate, GateComparison, GateMetric, GateSamples, Group
from mnist_repro.runs import baselines as recipe_baselines
from mnist_repro.runs.problems import Problems


def gate_samples(
    gate: Optional[Gate], groups: Sequence[Group], baselines: Path, problems: Problems
) -> List[GateSamples]:
    """The samples of each such comparison.

    Args:
        gate: the gate report; None is allowed.
        groups: groups of the page; recipes with a group are left out.
        baselines: folder of the baselines.
        problems: collects errors of baselines.
    """
    shown = {group.recipe for group in groups}
    comparisons: List[GateSamples] = []
    for name, recipe in (gate.recipes if gate else {}).items():
        for each in recipe.comparisons:
            if name in RECIPES and name not in shown and each.rung in SCALES and each.samples:
                with problems.leaving_out():
                    comparisons.append(GateSamples(name, each.rung, _metrics(name, each, baselines)))
    return comparisons


def _metrics(recipe: str, comparison: GateComparison, baselines: Path) -> List[GateMetric]:
    stored = recipe_baselines.read(baselines, recipe, comparison.rung)
    samples = stored.samples(recipe_baselines.conditions_of(comparison.dataset, comparison.arithmetic))
    names = dict.fromkeys(name for values in comparison.samples.values() for name in values)
    return [_metric(recipe, comparison.rung, name, comparison.samples, samples) for name in names]


def _metric(
    recipe: str, rung: str, name: str, measured: Mapping[str, Mapping[str, Any]], stored: Optional[SampleEntry]
) -> GateMetric:
    known = {metric.name: metric for metric in stored.metrics} if stored else {}
    return GateMetric(
        name=name,
        stored=samples_of(stored, name) if stored and name in known else {},
        measured={int(seed): float(values[name]) for seed, values in measured.items() if name in values},
        margin=known[name].margin if name in known else None,
        published=published_values(RECIPES[recipe], name) if rung == "full" else [],
    )
