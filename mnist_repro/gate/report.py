"""The gate's report on a session, as a value and as gate.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

from mnist_repro.files.json import json_text
from mnist_repro.gate import comparison
from mnist_repro.gate.comparison import PUBLISHED, Comparison, subject
from mnist_repro.gate.verdicts import Judgement, Verdict, worst

SCHEMA = 2
JSON, MARKDOWN = "gate.json", "gate.md"
NOTHING_TRAINED = "published figures compared with stored samples only: nothing was trained, the code was not tested"


@dataclass(frozen=True)
class ReportEntry:
    """One comparison of one test.

    Args:
        test: node id of the test.
        outcome: ``passed``, ``failed``, ``skipped``, or ``xfailed`` for a failure that is known and explained.
        name: name of the baseline.
        kind: what is compared.
        checked: the comparison; None if the test ended before it made one.
        reason: why there is no comparison, or why the failure is expected.
    """

    test: str
    outcome: str
    name: str
    kind: str
    checked: Optional[Comparison] = None
    reason: str = ""

    @property
    def subject(self) -> str:
        """What the comparison is about."""
        return subject(self.name)

    @property
    def verdict(self) -> Optional[Verdict]:
        """The verdict of the comparison; None if it gives none. Without a comparison: `INCOMPARABLE`."""
        return Verdict.INCOMPARABLE if self.checked is None else self.checked.verdict

    @property
    def passes(self) -> bool:
        """Whether the gate may pass: verdict and test both pass, or the difference is known and explained."""
        if self.checked is None:
            return False
        if self.outcome == "xfailed":
            # A known difference passes; a comparison that could not be made never does.
            return self.verdict not in (None, Verdict.INCOMPARABLE)
        if self.verdict is None:
            return self.outcome == "skipped"
        return self.checked.passes and self.outcome == "passed"

    @property
    def known(self) -> bool:
        """Whether the verdict is known and explained although it does not pass."""
        accepted = self.passes and self.verdict is not None and not self.verdict.passes
        return self.outcome == "xfailed" or accepted


@dataclass(frozen=True)
class Session:
    """The pytest session that a report is about.

    Args:
        settings: what it was asked for, such as ``seeds``, by name.
        started: ISO 8601.
        versions: versions of mnist_repro, pytest and python in the session.
        finished: ISO 8601; empty while the session runs.
        exit_code: pytest's exit code; None while the session runs.
        complete: whether every chosen test has run.
        expected: subjects that a complete session judges.
    """

    settings: Dict[str, str]
    started: str
    versions: Dict[str, str]
    finished: str = ""
    exit_code: Optional[int] = None
    complete: bool = False
    expected: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The results of the gate in one session.

    Args:
        session: the pytest session.
        entries: in the order of the tests.
        other_failures: node ids of failed tests that compare nothing.
    """

    session: Session
    entries: Tuple[ReportEntry, ...] = ()
    other_failures: Tuple[str, ...] = ()

    @property
    def subjects(self) -> Dict[str, Tuple[ReportEntry, ...]]:
        """The entries of each subject."""
        names = dict.fromkeys(entry.subject for entry in self.entries)
        return {name: tuple(entry for entry in self.entries if entry.subject == name) for name in names}

    @property
    def not_judged(self) -> Tuple[str, ...]:
        """The expected subjects for which this session had no test."""
        return tuple(name for name in self.session.expected if name not in self.subjects)

    @property
    def nothing_trained(self) -> bool:
        """Whether the session compared only published figures, so that it says nothing about the code."""
        return bool(self.entries) and all(entry.kind == PUBLISHED for entry in self.entries)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all subjects."""
        return worst([subject_verdict(entries) for entries in self.subjects.values()])

    @property
    def blocking(self) -> Tuple[ReportEntry, ...]:
        """Entries that fail the report: a failing verdict, or none and nothing else of the subject to rely on."""
        return tuple(entry for entries in self.subjects.values() for entry in entries if not _passes(entry, entries))

    @property
    def comparisons_pass(self) -> bool:
        """Whether there is at least one comparison, and every subject passes."""
        return bool(self.entries) and not self.blocking

    @property
    def passes(self) -> bool:
        """Whether the comparisons pass, the session is complete, and no other test failed."""
        return (
            self.comparisons_pass and self.session.complete and self.session.exit_code == 0 and not self.other_failures
        )


def subject_verdict(entries: Sequence[ReportEntry]) -> Verdict:
    """The worst verdict of a subject, known differences included; `INCOMPARABLE` if there is no verdict."""
    return worst([entry.verdict for entry in entries if entry.verdict is not None])


def subject_passes(entries: Sequence[ReportEntry]) -> bool:
    """Whether every comparison passes; one without a verdict needs another comparison to rely on."""
    return all(_passes(entry, entries) for entry in entries)


def _passes(entry: ReportEntry, others: Sequence[ReportEntry]) -> bool:
    """Whether an entry passes. Without a verdict, the subject needs a verdict on a measurement in another entry.

    Published figures are not measurements.
    """
    measured = any(each.verdict is not None and each.kind != PUBLISHED for each in others)
    return entry.passes and (entry.verdict is not None or measured)


def as_json(report: Report) -> str:
    """The report for machines; docs/reference/gate-json.md describes it."""
    session = asdict(report.session)
    del session["expected"]
    fields = {
        "schema": SCHEMA,
        "passes": report.passes,
        "complete": session.pop("complete"),
        "verdict": report.verdict.value,
        "session": session,
        "subjects": {name: _subject_fields(report, entries) for name, entries in report.subjects.items()},
        "not_judged": list(report.not_judged),
        "other_failures": list(report.other_failures),
    }
    return json_text(fields)


def _subject_fields(report: Report, entries: Sequence[ReportEntry]) -> Dict[str, Any]:
    comparisons = [_entry_fields(entry) for entry in entries]
    if report.nothing_trained:
        for fields in comparisons:
            fields["notes"] = [*fields["notes"], NOTHING_TRAINED]
    return {
        "verdict": subject_verdict(entries).value,
        "passes": subject_passes(entries),
        "comparisons": comparisons,
    }


def _entry_fields(entry: ReportEntry) -> Dict[str, Any]:
    fields = comparison.as_fields(entry.checked or Comparison(entry.name, entry.kind, Judgement(())))
    if entry.checked is None:
        fields["verdict"] = Verdict.INCOMPARABLE.value
    # Commands name paths of this machine, which have no meaning on another.
    del fields["steps"]
    return {"test": entry.test, "outcome": entry.outcome, "passes": entry.passes, "reason": entry.reason, **fields}
