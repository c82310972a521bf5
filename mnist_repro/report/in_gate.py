"""Finds a group's comparisons in a gate report, so that a page and gate.md never say different things. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Optional, Sequence

from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import Finding
from mnist_repro.report.values import Gate, GateComparison, Group, MetricFinding, PublishedRow

# What follows the name of a metric in that of its second published figure.
FURTHER = ", figure "


def comparisons_of(gate: Optional[Gate]) -> List[GateComparison]:
    """Every comparison in a gate report; none without a report."""
    return [each for recipe in (gate.recipes.values() if gate else ()) for each in recipe.comparisons]


def matched(gate: Optional[Gate], groups: Sequence[Group]) -> Dict[str, List[GateComparison]]:
    """By a group's id: the gate's comparisons of its runs and fingerprint; a recipe's first also has the published."""
    first = {group.recipe: group.id for group in reversed(groups)}
    return {
        group.id: [
            each
            for each in comparisons_of(gate)
            if each.recipe == group.recipe
            and (first[group.recipe] == group.id if each.rung == "published" else _of_these_runs(each, group))
        ]
        for group in groups
    }


def _of_these_runs(comparison: GateComparison, group: Group) -> bool:
    if (comparison.dataset, comparison.arithmetic) != (group.dataset.name, group.arithmetic):
        return False
    if comparison.rung == "fingerprint":
        return bool(comparison.provenance) and platform_text(comparison.provenance) == group.platform
    # As text, because as text NaN equals NaN. The session may have more runs than could be read here.
    return comparison.rung == group.scale and all(
        {(seed, repr(value)) for seed, value in metric.measured.items()}
        <= {(seed, repr(value)) for seed, value in measured_values(comparison, metric.name).items()}
        for metric in group.metrics
    )


def measured_values(comparison: GateComparison, metric: str) -> Dict[int, float]:
    """The measured values of a metric by seed."""
    return {seed: values[metric] for seed, values in comparison.samples.items() if metric in values}


def as_judged(group: Group, comparisons: Sequence[GateComparison]) -> Group:
    """The group with the gate's verdicts in the place of its own."""
    for each in comparisons:
        if each.rung == "published" and each.verdict and each.findings:
            group = replace(
                group, published=[published_row(one) for one in each.findings], published_verdict=each.verdict
            )
        if each.rung == group.scale and each.verdict:
            findings = {finding.name: metric_finding(finding) for finding in each.findings}
            metrics = [
                replace(one, finding=findings.get(one.name), measured=measured_values(each, one.name))
                for one in group.metrics
            ]
            group = replace(group, metrics=metrics, verdict=each.verdict)
    return group


def metric_finding(finding: Finding) -> MetricFinding:
    """The gate's finding on a metric."""
    return MetricFinding(finding.verdict.value, finding.reason, finding.interval, finding.seeds_needed, finding.known)


def published_row(finding: Finding) -> PublishedRow:
    """The gate's finding on a published figure."""
    name = finding.name.partition(FURTHER)[0]
    value = float(finding.stored or "nan")
    return PublishedRow(name, value, finding.interval, finding.verdict.value, finding.reason, finding.known)
