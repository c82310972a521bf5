"""Formats a comparison as text: the message of a failing test, and the commands to type next. Pure."""

from __future__ import annotations

from typing import List, Tuple

from mnist_repro.display import seeds_text, table
from mnist_repro.gate.baselines.judge import options, record_command
from mnist_repro.gate.baselines.values import PUBLISHED
from mnist_repro.gate.comparison import MEASUREMENT, NO_RECIPE, Comparison
from mnist_repro.gate.statistics import AUTO_SEEDS
from mnist_repro.gate.verdicts import Finding, Verdict

HEADER = ("metric", "stored", "measured", "interval", "margin", "verdict")

MEANING = {
    Verdict.EQUIVALENT: "within the margin, proven",
    Verdict.REPRODUCED: "a difference that matters is excluded",
    Verdict.NOT_REPRODUCED: "the published run lies farther from ours than one of ours would",
    Verdict.CHANGED: "a run does something else than before, even if its results should agree",
    Verdict.IMPROVED: "better than the margin: a reproduction asks for sameness, so that better does not pass either",
    Verdict.REGRESSED: "worse than the margin",
    Verdict.INCONCLUSIVE: "these runs cannot tell",
    Verdict.INCOMPARABLE: "no comparison could be made, which never counts as a pass",
}


def failure(comparison: Comparison) -> str:
    """The message of a test that does not pass: metric by metric, then why, then what to type."""
    verdict = comparison.judgement.verdict
    lines = [f"{comparison.recipe}, {comparison.rung}: {verdict.value.upper()} – {MEANING[verdict]}"]
    if comparison.dataset:
        seeds = f", {seeds_text(sorted(comparison.samples))}" if comparison.samples else ""
        lines.append(f"{comparison.dataset} data, {comparison.arithmetic} arithmetic{seeds}")
    rows = [cells(finding) for finding in comparison.judgement.findings]
    # A table without figures is useless.
    lines += ["", table(HEADER, rows), ""] if any(row[1] or row[2] for row in rows) else []
    lines += [f"{finding.name}: {finding.reason}" for finding in comparison.judgement.findings if not finding.passes]
    lines += [f"note: {note}" for note in comparison.judgement.notes]
    lines += [f"{title}: {command}" for title, command in next_steps(comparison)]
    return "\n".join(lines)


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


def next_steps(comparison: Comparison) -> List[Tuple[str, str]]:
    """The next steps after a verdict that does not pass, as (title, command)."""
    recipe, rung = comparison.recipe, comparison.rung
    if recipe == NO_RECIPE:
        return [("to have something judged", "def test_it(measured, baseline): baseline.check(measured)")]
    findings = comparison.judgement.findings
    verdicts = {finding.verdict for finding in findings}
    needed = [finding.seeds_needed for finding in findings if finding.verdict is Verdict.INCONCLUSIVE]
    foretold = [count for count in needed if count]
    hopeless = len(foretold) < len(needed)
    record = record_command(recipe, rung, comparison.dataset, comparison.arithmetic, comparison.option)
    if rung == PUBLISHED:
        return [
            ("to see the stored samples", f"mnist-repro baseline show {recipe}{comparison.option}"),
            ("to see all that was published", f"mnist-repro reproduce {recipe}"),
        ]
    steps: List[Tuple[str, str]] = []
    if verdicts & {Verdict.CHANGED, Verdict.IMPROVED, Verdict.REGRESSED} or hopeless:
        steps += [
            ("to see more", f"{record} && mnist-repro baseline diff {recipe} --rung {rung}{comparison.option}"),
            (
                "to accept it, if it is meant, after that",
                f"mnist-repro baseline accept {recipe} --rung {rung}{comparison.option} --reason '…'",
            ),
        ]
    if foretold and not hopeless:
        unusual = options(comparison.dataset, comparison.arithmetic)
        enough = len(comparison.samples) < AUTO_SEEDS[-1] >= max(foretold)
        seeds = "auto" if enough else str(max([*foretold, len(comparison.samples) + 1]))
        steps.append(("to settle it", f"pytest --scale {rung} --seeds {seeds}{unusual} -k {recipe}"))
    # Where nothing was measured, the reason ends with what to do.
    if Verdict.INCOMPARABLE in verdicts and findings[0].name != MEASUREMENT:
        steps.append(("to see what is stored", f"mnist-repro baseline show {recipe}{comparison.option}"))
    return steps


def _interval(finding: Finding) -> str:
    interval = finding.interval
    if interval is None:
        return ""
    if finding.rung == PUBLISHED:
        return f"{interval.low:.6g} … {interval.high:.6g}"
    return f"{interval.low:+.3g} … {interval.high:+.3g}"
