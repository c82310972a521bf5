"""The gate's report on a session as text: Markdown for a pull request, and some lines for a terminal.

`write` puts the Markdown, and the JSON beside it, into a folder; all else is pure.
"""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from mnist_repro.display import counted
from mnist_repro.files.atomic import replacing_together, write_text
from mnist_repro.gate import text as gate_text
from mnist_repro.gate.comparison import CASES, FINGERPRINT, SAMPLES
from mnist_repro.gate.platform import UNNAMED, platform_text
from mnist_repro.gate.report import JSON, MARKDOWN, NOTHING_TRAINED, Report, ReportEntry, as_json
from mnist_repro.gate.statistics import LEVEL
from mnist_repro.gate.verdicts import Verdict

FAILURES_SHOWN = 20
REASON_SHOWN = 1000
_STOPPED = (
    "Each comparison of samples or cases stops a difference as large as its margin with a probability of at least "
    f"{100.0 * (1.0 - LEVEL):.0f} %."
)


def write(report: Report, folder: Path) -> None:
    """Write `gate.json` and `gate.md` into ``folder``; `gate.json` comes last and shows that both files are complete.

    Raises:
        BadInput: a file cannot be written.
    """
    with replacing_together(folder, (MARKDOWN, JSON)) as unfinished:
        write_text(unfinished / MARKDOWN, as_markdown(report))
        write_text(unfinished / JSON, as_json(report))


def as_markdown(report: Report) -> str:
    """The report for a pull request: what does not pass and why, what passes (folded), and notes."""
    bad = report.blocking
    good = [entry for entries in report.subjects.values() for entry in entries if entry not in bad]
    lines = [
        f"## Gate: {_headline(report)}",
        "",
        " · ".join(
            [
                *(f"{name}: {escaped(value)}" for name, value in report.session.settings.items()),
                *(escaped(where) for where in measured_with(report)),
            ]
        ),
        "",
    ]
    if bad:
        rows = [row for entry in bad for row in _rows(entry, passing=False) or [_row(entry)]]
        lines += ["### What does not pass", "", *_table(rows), "", *_reasons(bad), ""]
    if report.other_failures:
        lines += [f"### Tests that failed and are no comparisons: {len(report.other_failures)}", ""]
        lines += [f"- {escaped(test)}" for test in report.other_failures[:FAILURES_SHOWN]]
        more = len(report.other_failures) - FAILURES_SHOWN
        lines += [*([f"- and {more} more"] if more > 0 else []), ""]
    rows = [row for entry in good for row in _rows(entry) or [_row(entry)]]
    rows += [row for entry in bad for row in _rows(entry, passing=True)]
    if rows:
        # GitHub reads Markdown between the tags if empty lines part it from them.
        lines += [
            "<details>",
            "<summary>What passes</summary>",
            "",
            *_table(rows),
            "",
            *_stopped(good),
            "</details>",
            "",
        ]
    notes = _notes(report) + _catching(report)
    if notes:
        lines += ["### Notes", "", *(f"- {escaped(note)}" for note in notes), ""]
    return "\n".join(lines) + "\n"


def _stopped(entries: Sequence[ReportEntry]) -> List[str]:
    return [_STOPPED, ""] if any(entry.kind in (SAMPLES, CASES) for entry in entries) else []


def measured_with(report: Report) -> List[str]:
    """The platforms and commits of the measurements, without repetition; jobs may have run on several."""
    names = {}
    for entry in report.entries:
        provenance = entry.checked.provenance if entry.checked else {}
        if platform_text(provenance) != UNNAMED:
            names[platform_text(provenance)] = True
        if "commit" in provenance:
            names[f"commit {provenance['commit']}"] = True
    return list(names)


def summary(report: Report) -> List[str]:
    """A line for each subject, then the notes."""
    lines = []
    for subject, entries in report.subjects.items():
        words = (_word(entry) if entry.name == subject else f"{_part(entry)} {_word(entry)}" for entry in entries)
        lines.append(f"{subject}: {', '.join(words)}")
    return lines + [f"note: {note}" for note in _notes(report)]


def refusals(report: Report) -> List[str]:
    """Why the gate does not pass: a line for each comparison that stops it."""
    title = "the gate does not pass"
    if not report.entries:
        return [f"{title}: a report was asked for, and no test compared anything"]
    lines = []
    for entry in report.blocking:
        words = (_word(entry) if entry.checked else "", _beyond_findings(entry))
        lines.append(f"{title}: {entry.test}: {entry.name}: {': '.join(filter(None, words))}")
    return lines


def escaped(text: str) -> str:
    """Text that Markdown and HTML show unchanged, in one line and one cell: test ids and paths can hold any letter."""
    printable = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    plain = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", " ".join(printable.split()))
    # GitHub reads @name as a user; a backslash does not prevent that.
    return html.escape(plain, quote=False).replace("@", "&commat;")


def shortened(text: str) -> str:
    """The beginning and the end of a text that is too long, such as the last output of a process."""
    half = REASON_SHOWN // 2
    return text if len(text) <= REASON_SHOWN else f"{text[:half]} … {text[-half:]}"


def _headline(report: Report) -> str:
    count, bad = len(report.entries), len(report.blocking)
    compared = counted(count, "comparison")
    if not report.session.complete:
        return f"INCOMPLETE, which does not pass: stopped, or still running, after {compared}"
    if not report.entries:
        return "did not pass: nothing was judged"
    if report.passes:
        return f"passed: {compared}{f'; {NOTHING_TRAINED}' if report.nothing_trained else ''}"
    failures = len(report.other_failures)
    also = f"{counted(failures, 'other test')} failed" if failures else "something else failed"
    if report.comparisons_pass:
        return f"did not pass: {compared} did, {also}"
    worst = "although the verdict passes" if report.verdict.passes else f"the worst is {report.verdict.value}"
    return f"did not pass: {bad} of {compared}, {worst}{f'; {also}' if failures else ''}"


def _rows(entry: ReportEntry, passing: Optional[bool] = None) -> List[Sequence[str]]:
    """A row for each finding of an entry, or for each that passes or does not."""
    rows: List[Sequence[str]] = []
    for finding in entry.checked.judgement.findings if entry.checked else ():
        if passing is None or finding.passes is passing:
            *cells, verdict = gate_text.cells(finding)
            why = finding.known or (entry.reason if entry.outcome == "xfailed" else "")
            known = f" (known: {escaped(why)})" if why else ""
            shown = verdict if finding.verdict.passes else f"**{verdict}**{known}"
            rows.append((escaped(entry.name), *map(escaped, cells), shown))
    return rows


def _row(entry: ReportEntry) -> Sequence[str]:
    """The row of an entry without findings, or of a test that failed although all of them pass."""
    return (escaped(entry.name), *[""] * 5, _word(entry))


def _table(rows: Sequence[Sequence[str]]) -> List[str]:
    header = ("baseline", *gate_text.HEADER)
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def _reasons(entries: Sequence[ReportEntry]) -> List[str]:
    lines = []
    for entry in entries:
        comparison = entry.checked
        verdict = entry.verdict or Verdict.INCOMPARABLE
        lines.append(f"- **{escaped(entry.name)}**: {verdict.value} – {gate_text.meaning(verdict, entry.kind)}")
        lines.append(f"  - test: {escaped(entry.test)}")
        beyond = _beyond_findings(entry)
        lines += [f"  - {escaped(beyond)}"] if beyond else []
        if comparison is None:
            continue
        bad = [finding for finding in comparison.judgement.findings if not finding.passes]
        lines += [f"  - {escaped(finding.name)}: {escaped(shortened(finding.reason))}" for finding in bad]
        stopped = gate_text.stopped_text(comparison)
        lines += [f"  - {escaped(stopped)}"] if stopped else []
        lines += [f"  - {title}: {_code(command)}" for title, command in comparison.steps]
    return lines


def _beyond_findings(entry: ReportEntry) -> str:
    """Why an entry does not pass, so far as its findings do not say it."""
    reason = entry.reason or "no reason"
    if entry.checked is None:
        return f"ended without a verdict, {entry.outcome}: {reason}"
    if entry.verdict is None:
        notes = "; ".join(entry.checked.judgement.notes)
        return f"{notes}; and nothing else that this session measured of {entry.subject} has a verdict to rest on"
    return f"the test {entry.outcome} all the same: {reason}" if entry.checked.passes else entry.reason


def _word(entry: ReportEntry) -> str:
    if entry.checked is None:
        return "without a verdict"
    word = entry.verdict.value if entry.verdict else "not judged here"
    return f"{word}, which is known" if entry.known else word


def _notes(report: Report) -> List[str]:
    noted: Dict[str, List[str]] = {}
    for entry in report.entries:
        for note in entry.checked.judgement.notes if entry.checked else ():
            noted.setdefault(note, []).append(entry.name)
    notes = [f"{'; '.join(dict.fromkeys(names))}: {note}" for note, names in noted.items()]
    if report.nothing_trained:
        notes.append(NOTHING_TRAINED)
    if report.not_judged:
        notes.append(f"not judged in this session: {', '.join(report.not_judged)}")
    return notes


def _catching(report: Report) -> List[str]:
    """Which rung catches a small change of subjects that are compared as distributions, as those of CNNs are."""
    by_fingerprint: List[str] = []
    by_none: List[str] = []
    for subject, entries in report.subjects.items():
        findings = [
            each
            for entry in entries
            if entry.kind == SAMPLES and entry.checked
            for each in entry.checked.judgement.findings
        ]
        if any(finding.interval and not finding.absolute for finding in findings):
            taken = [entry.verdict for entry in entries if entry.kind == FINGERPRINT]
            if taken:
                (by_fingerprint if any(taken) else by_none).append(subject)
    stops = "samples are compared as distributions, and stop differences as large as their margins"
    return [
        f"{', '.join(names)}: {stops}; {smaller}"
        for names, smaller in (
            (by_fingerprint, "what catches a smaller change is the fingerprint"),
            (by_none, "a smaller change would need a fingerprint of this platform"),
        )
        if names
    ]


def _part(entry: ReportEntry) -> str:
    """The last part of a name: ``subset`` of ``vgg7/subset``."""
    return entry.name.rpartition("/")[2]


def _code(command: str) -> str:
    """A command as Markdown code, in one line; backticks in a hostile name cannot end it."""
    return f"`{' '.join(command.replace('`', '').split())}`"
