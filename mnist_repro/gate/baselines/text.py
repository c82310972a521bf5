"""Formats baselines, and proposals compared with them, as text and as JSON."""

from __future__ import annotations

import json
from textwrap import indent
from typing import Any, Dict, List, Sequence

from mnist_repro.display import counted, table
from mnist_repro.gate.baselines.diff import NEW, Difference
from mnist_repro.gate.baselines.files import entry_fields
from mnist_repro.gate.baselines.values import (
    BaselineEntry,
    BaselineFile,
    CasesEntry,
    Change,
    FingerprintEntry,
    values_of,
)
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import NO_WORSE, SAME, WORST_FIRST, Finding, Metric

JSON_SCHEMA = 2
# What a change replaced, as people name it.
_COUNTED = (
    ("samples", "seed"),
    ("cases", "case"),
    ("metrics", "margin"),
    ("exact", "exact value"),
    ("close", "close value"),
)


def shown(files: Sequence[BaselineFile]) -> str:
    """The output of `baseline show`: for each entry the stored values, the margins with reasons, and the history."""
    return "\n\n".join(
        "\n".join((file.name, *(line for entry in file.entries for line in _entry_lines(entry)))) for file in files
    )


def as_json(files: Sequence[BaselineFile]) -> str:
    """Baselines as JSON: every field of the files, and each metric's mean and standard deviation."""
    listed = [
        {
            "name": file.name,
            "kind": file.kind,
            "entries": [{**entry_fields(entry), **_summary_fields(entry)} for entry in file.entries],
        }
        for file in files
    ]
    return json.dumps({"schema": JSON_SCHEMA, "baselines": listed}, indent=1, allow_nan=False) + "\n"


def differing(differences: Sequence[Difference]) -> str:
    """The output of `baseline diff`: proposed and stored values, grouped by verdict, the worst first."""
    groups = []
    for verdict in (*(verdict.value for verdict in WORST_FIRST), NEW):
        chosen = [difference for difference in differences if difference.verdict == verdict]
        if chosen:
            lines = [line for difference in chosen for line in _difference_lines(difference)]
            groups.append("\n".join((verdict, *lines)))
    return "\n\n".join(groups)


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation: ``0.04567 ± 0.0012``; a single value is given alone."""
    mean = sum(values) / len(values)
    return f"{mean:.5g}" if len(values) < 2 else f"{mean:.5g} ± {standard_deviation(values):.2g}"


def _entry_lines(entry: BaselineEntry) -> List[str]:
    lines = [f"  {_title(entry)}", f"    from {_origin(entry)}"]
    if isinstance(entry, FingerprintEntry):
        allowed = entry.tolerance_text(".2g")
        lines.append(
            f"    {len(entry.exact)} exact values, {len(entry.close)} close values within {allowed}, "
            f"relative: {entry.reason}"
        )
    else:
        rows = [
            (
                metric.name,
                spread(values_of(entry, metric.name)),
                f"{metric.margin:.3g}",
                f"{_claim(metric)}; {metric.reason}",
            )
            for metric in entry.metrics
        ]
        lines.append(indent(table(("metric", "mean ± sd", "margin", "why that margin"), rows), "    "))
    lines.append("    history")
    return lines + [f"      {_change(change)}" for change in entry.history]


def _claim(metric: Metric) -> str:
    if metric.claim == NO_WORSE:
        return f"no worse, {metric.direction} is better"
    return "the same" if metric.direction == SAME else f"{metric.direction} is better"


def _title(entry: BaselineEntry) -> str:
    if isinstance(entry, FingerprintEntry):
        return entry.title
    if isinstance(entry, CasesEntry):
        return f"{entry.title}; {counted(len(entry.cases), 'case')}, paired"
    how = "compared seed by seed" if entry.paired else "compared as distributions"
    return f"{entry.title}; {counted(len(entry.samples), 'seed')}, {how}"


def _origin(entry: BaselineEntry) -> str:
    provenance = entry.provenance
    platform = platform_text(provenance)
    return f"{platform}, commit {provenance.get('commit', 'unknown')}, {provenance.get('finished', 'at some time')}"


def _change(change: Change) -> str:
    parts = []
    for name, what in _COUNTED:
        count = len(change.replaced.get(name, ()))
        if count:
            parts.append(counted(count, what))
    if "tolerance" in change.replaced:
        parts.append("the tolerance")
    replaced = f" (replaced {', '.join(parts)})" if parts else ""
    return f"{change.date}  {' '.join(change.reason.split())}{replaced}"


def _summary_fields(entry: BaselineEntry) -> Dict[str, Any]:
    if isinstance(entry, FingerprintEntry):
        return {}
    summary = {}
    for metric in entry.metrics:
        values = values_of(entry, metric.name)
        deviation = standard_deviation(values) if len(values) > 1 else None
        summary[metric.name] = {"mean": sum(values) / len(values), "sd": deviation, "count": len(values)}
    return {"summary": summary}


def _difference_lines(difference: Difference) -> List[str]:
    entry = difference.proposed
    lines = [f"  {difference.name}: {_title(entry)}"]
    if difference.stored is None:
        lines.append("    nothing is stored yet")
        rows = _new_rows(entry)
        return [*lines, indent(table(("metric", "proposed", "margin"), rows), "    ")] if rows else lines
    rows = [_finding_row(finding, difference.stored, entry) for finding in difference.judgement.findings]
    lines.append(indent(table(("what", "stored", "proposed", "margin", "verdict"), rows), "    "))
    return lines + [f"    note: {note}" for note in difference.judgement.notes]


def _new_rows(entry: BaselineEntry) -> List[Sequence[str]]:
    if isinstance(entry, FingerprintEntry):
        return []
    return [(metric.name, spread(values_of(entry, metric.name)), f"{metric.margin:.3g}") for metric in entry.metrics]


def _finding_row(finding: Finding, stored: BaselineEntry, proposed: BaselineEntry) -> Sequence[str]:
    interval = finding.interval
    why = f"{finding.verdict.value}: {finding.reason}"
    if interval is not None:
        why += f" (difference {interval.low:+.2g} to {interval.high:+.2g})"
    margin = "" if finding.margin is None else f"{finding.margin:.3g}"
    return (
        finding.name,
        _value(finding.name, stored) or finding.stored,
        _value(finding.name, proposed) or finding.measured,
        margin,
        why,
    )


def _value(name: str, entry: BaselineEntry) -> str:
    known = () if isinstance(entry, FingerprintEntry) else [metric.name for metric in entry.metrics]
    return spread(values_of(entry, name)) if name in known else ""  # type: ignore[arg-type] # no fingerprint has metrics
