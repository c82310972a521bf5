"""Formats a comparison as text: the message of a failing test. Pure."""

from __future__ import annotations

from typing import Mapping, Tuple

from mnist_repro.display import seeds_text, table
from mnist_repro.gate.comparison import CASES, FINGERPRINT, SAMPLES, Comparison
from mnist_repro.gate.statistics import LEVEL
from mnist_repro.gate.verdicts import Finding, Verdict

HEADER = ("metric", "stored", "measured", "interval", "margin", "verdict")

MEANING = {
    Verdict.EQUIVALENT: "within the margin, proven",
    Verdict.NO_WORSE: "not worse by the margin, proven",
    Verdict.BETTER: "better by more than the margin: it passes, and is worth recording",
    Verdict.REPRODUCED: "a difference that matters is excluded",
    Verdict.NOT_REPRODUCED: "the published run lies farther from ours than one of ours would",
    Verdict.CHANGED: "a run does something else than before, even if its results should agree",
    Verdict.IMPROVED: "better by more than the margin: the claim is sameness, so that better does not pass either",
    Verdict.REGRESSED: "worse than the margin",
    Verdict.INCONCLUSIVE: "these runs cannot tell",
    Verdict.INCOMPARABLE: "no comparison could be made, which never counts as a pass",
}


def failure(comparison: Comparison) -> str:
    """The message of a test that does not pass: metric by metric, then why, then what to type."""
    verdict = comparison.judgement.verdict
    lines = [f"{comparison.name}: {verdict.value.upper()} – {meaning(verdict, comparison.kind)}"]
    if comparison.conditions:
        seeds = f"; {seeds_text(sorted(comparison.samples))}" if comparison.samples else ""
        lines.append(f"{conditions_text(comparison.conditions)}{seeds}")
    rows = [cells(finding) for finding in comparison.judgement.findings]
    # A table without figures is useless.
    lines += ["", table(HEADER, rows), ""] if any(row[1] or row[2] for row in rows) else []
    lines += [f"{finding.name}: {finding.reason}" for finding in comparison.judgement.findings if not finding.passes]
    lines += filter(None, [stopped_text(comparison)])
    lines += [f"note: {note}" for note in comparison.judgement.notes]
    lines += [f"{title}: {command}" for title, command in comparison.steps]
    return "\n".join(lines)


def meaning(verdict: Verdict, kind: str) -> str:
    """What the verdict on a comparison of this kind means, in a few words."""
    if verdict is Verdict.CHANGED and kind != FINGERPRINT:
        return "different by more than the margin"
    return MEANING[verdict]


def stopped_text(comparison: Comparison) -> str:
    """Which differences a comparison of samples or cases stops: its level is the probability that a margin passes."""
    if comparison.kind not in (SAMPLES, CASES):
        return ""
    margins = [
        f"{finding.margin:.3g} in {finding.name}"
        for finding in comparison.judgement.findings
        if finding.margin is not None and finding.verdict is not Verdict.INCOMPARABLE
    ]
    return f"stops with {100.0 * (1.0 - LEVEL):.0f} % a difference of {', '.join(margins)}" if margins else ""


def conditions_text(conditions: Mapping[str, str]) -> str:
    """Conditions as text: ``dataset mnist, arithmetic original``."""
    return ", ".join(f"{name} {value}" for name, value in conditions.items())


def in_one_line(finding: Finding) -> str:
    """A finding in one line for JUnit: ``equivalent; stored 0.41; measured 0.42; interval …; margin …``."""
    *figures, verdict = zip(HEADER[1:], cells(finding)[1:])
    return "; ".join([verdict[1], *(f"{title} {cell}" for title, cell in figures if cell)])


def cells(finding: Finding) -> Tuple[str, str, str, str, str, str]:
    """A finding as a row under `HEADER`."""
    return (
        finding.name,
        finding.stored,
        finding.measured,
        _interval(finding),
        "" if finding.margin is None else f"±{finding.margin:.3g}",
        finding.verdict.value,
    )


def _interval(finding: Finding) -> str:
    interval = finding.interval
    if interval is None:
        return ""
    form = ".6g" if finding.absolute else "+.3g"
    return f"{interval.low:{form}} … {interval.high:{form}}"
