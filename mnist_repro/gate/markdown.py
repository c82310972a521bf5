"""The gate's report on a session as text: Markdown for a pull request, and some lines for a terminal. Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Dict, List, Sequence

from mnist_repro.gate import text as gate_text
from mnist_repro.gate.comparison import CASES, SAMPLES
from mnist_repro.gate.platform import UNNAMED, platform_text
from mnist_repro.gate.report import NOTHING_TRAINED, Report, ReportEntry
from mnist_repro.gate.statistics import LEVEL
from mnist_repro.gate.verdicts import Verdict

FAILURES_SHOWN = 20
REASON_SHOWN = 1000
_STOPPED = (
    "Each comparison of samples or cases stops a difference as large as its margin with a probability of at least "
    f"{100.0 * (1.0 - LEVEL):.0f} %."
)


def as_markdown(report: Report) -> str:
    """The report for a pull request: what does not pass and why, what passes, and notes."""
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
        lines += ["### What does not pass", "", *_table(bad), "", *_reasons(bad), ""]
    if report.other_failures:
        lines += [f"### Tests that failed and are no comparisons: {len(report.other_failures)}", ""]
        lines += [f"- {escaped(test)}" for test in report.other_failures[:FAILURES_SHOWN]]
        more = len(report.other_failures) - FAILURES_SHOWN
        lines += [*([f"- and {more} more"] if more > 0 else []), ""]
    if good:
        lines += ["### What passes", "", *_table(good), "", *_stopped(good)]
    notes = _notes(report)
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
    if not report.session.complete:
        return "INCOMPLETE, which does not pass: the session was stopped, or is still running"
    if not report.entries:
        return "did not pass: nothing was judged"
    if report.passes:
        return f"passed: {NOTHING_TRAINED}" if report.nothing_trained else "passed"
    if report.comparisons_pass or report.verdict.passes:
        return "did not pass: the comparisons did, something else failed"
    return f"did not pass: {report.verdict.value}"


def _table(entries: Sequence[ReportEntry]) -> List[str]:
    header = ("baseline", *gate_text.HEADER)
    rows = [header, tuple("---" for _ in header)]
    for entry in entries:
        findings = entry.checked.judgement.findings if entry.checked else ()
        for finding in findings:
            *cells, verdict = gate_text.cells(finding)
            why = finding.known or (entry.reason if entry.outcome == "xfailed" else "")
            known = f" (known: {escaped(why)})" if why else ""
            shown = verdict if finding.verdict.passes else f"**{verdict}**{known}"
            rows.append((escaped(entry.name), *map(escaped, cells), shown))
        if not findings:
            rows.append((escaped(entry.name), *[""] * 5, _word(entry)))
    return [f"| {' | '.join(row)} |" for row in rows]


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


def _part(entry: ReportEntry) -> str:
    """The last part of a name: ``subset`` of ``vgg7/subset``."""
    return entry.name.rpartition("/")[2]


def _code(command: str) -> str:
    """A command as Markdown code, in one line; backticks in a hostile name cannot end it."""
    return f"`{' '.join(command.replace('`', '').split())}`"
