"""The samples of a gate report's comparisons, together with the stored samples and the published values."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

from mnist_repro.gate.baselines.values import samples_of
from mnist_repro.recipes import RECIPES
from mnist_repro.recipes.recipe import SCALES
from mnist_repro.report.groups import published_values
from mnist_repro.report.in_gate import measured_values
from mnist_repro.report.values import Gate, GateComparison, GateMetric, GateSamples
from mnist_repro.runs import baselines as recipe_baselines
from mnist_repro.runs.problems import Problems


def gate_samples(gate: Optional[Gate], baselines: Path, problems: Problems) -> List[GateSamples]:
    """The samples of each comparison of samples or of published figures, which are compared with full samples."""
    shown: List[GateSamples] = []
    for name, recipe in (gate.recipes if gate else {}).items():
        for each in recipe.comparisons:
            if name in RECIPES and each.rung in (*SCALES, "published"):
                with problems.leaving_out():
                    shown.append(GateSamples(name, each.rung, _metrics(name, each, baselines)))
    return shown


def _metrics(recipe: str, comparison: GateComparison, baselines: Path) -> List[GateMetric]:
    published = comparison.rung == "published"
    scale = "full" if published else comparison.rung
    conditions = recipe_baselines.conditions_of(comparison.dataset, comparison.arithmetic)
    stored = recipe_baselines.read(baselines, recipe, scale).samples(
        recipe_baselines.PUBLISHED_CONDITIONS if published else conditions
    )
    known = {metric.name: metric for metric in stored.metrics} if stored else {}
    measured = dict.fromkeys(name for values in comparison.samples.values() for name in values)
    return [
        GateMetric(
            name=name,
            stored=samples_of(stored, name) if stored and name in known else {},
            measured=measured_values(comparison, name),
            margin=None if published or name not in known else known[name].margin,
            published=published_values(RECIPES[recipe], name) if scale == "full" else [],
        )
        for name in (known if published else measured)
    ]
