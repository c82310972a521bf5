"""What the gate found in a session, as a value, as gate.json, and as a folder that holds it beside gate.md."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

from mnist_repro.files.json import json_text
from mnist_repro.gate import comparison as checked
from mnist_repro.gate.baselines.values import PUBLISHED
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import RECIPES

SCHEMA = 1
JSON, MARKDOWN = "gate.json", "gate.md"


@dataclass(frozen=True)
class ReportEntry:
    """One comparison of one test.

    Args:
        test: its node id.
        outcome: ``passed``, ``failed``, ``skipped``, or ``xfailed`` for a failure that is known and explained.
        recipe: what it is about.
        rung: likewise.
        checked: what was compared; None if the test ended without a verdict.
        reason: why there is none, or why the failure is expected.
    """

    test: str
    outcome: str
    recipe: str
    rung: str
    checked: Optional[Comparison] = None
    reason: str = ""

    @property
    def verdict(self) -> Optional[Verdict]:
        """None where the rung could not say anything; a test without verdict is one that cannot be compared."""
        return Verdict.INCOMPARABLE if self.checked is None else self.checked.verdict

    @property
    def passes(self) -> bool:
        """Whether it lets the gate pass: verdict and test agree that all is well, or the difference is a known one."""
        if self.checked is None:
            return False
        if self.outcome == "xfailed":
            # A difference may be known; that nothing could be compared never is.
            return self.verdict not in (None, Verdict.INCOMPARABLE)
        if self.verdict is None:
            return self.outcome == "skipped"
        return self.verdict.passes and self.outcome == "passed"


@dataclass(frozen=True)
class Session:
    """The pytest session that a report is about.

    Args:
        scale: ``subset`` or ``full``.
        seeds: a number, or ``auto``.
        arithmetic: ``original`` or ``framework``.
        started: ISO 8601.
        finished: likewise; empty while it runs.
        exit_code: pytest's; None while it runs.
        complete: every test that was chosen has run.
        versions: of what judged: mnist_repro, pytest, python.
    """

    scale: str
    seeds: str
    arithmetic: str
    started: str
    versions: Dict[str, str]
    finished: str = ""
    exit_code: Optional[int] = None
    complete: bool = False


@dataclass(frozen=True)
class Report:
    """All that a session's gate found.

    Args:
        session: which.
        entries: in the order of the tests.
        other_failures: node ids of tests that failed and are no comparisons.
    """

    session: Session
    entries: Tuple[ReportEntry, ...] = ()
    other_failures: Tuple[str, ...] = ()

    @property
    def recipes(self) -> Dict[str, Tuple[ReportEntry, ...]]:
        """The entries of each recipe."""
        names = dict.fromkeys(entry.recipe for entry in self.entries)
        return {name: tuple(entry for entry in self.entries if entry.recipe == name) for name in names}

    @property
    def not_judged(self) -> Tuple[str, ...]:
        """Recipes that no test of this session was about."""
        return tuple(name for name in RECIPES if name not in self.recipes)

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return worst([recipe_verdict(entries) for entries in self.recipes.values()])

    @property
    def in_the_way(self) -> Tuple[ReportEntry, ...]:
        """On whose account it does not pass: entries that do not, or have no verdict and none to rest on."""
        return tuple(entry for entries in self.recipes.values() for entry in entries if not _stands(entry, entries))

    @property
    def comparisons_pass(self) -> bool:
        """Whether something was judged, and every recipe passes."""
        return bool(self.entries) and not self.in_the_way

    @property
    def passes(self) -> bool:
        """Whether the comparisons pass, the whole session ran, and nothing else failed in it either."""
        return (
            self.comparisons_pass and self.session.complete and self.session.exit_code == 0 and not self.other_failures
        )


def recipe_verdict(entries: Sequence[ReportEntry]) -> Verdict:
    """The worst finding of a recipe, known differences included; without any finding: `INCOMPARABLE`."""
    return worst([entry.verdict for entry in entries if entry.verdict is not None])


def recipe_passes(entries: Sequence[ReportEntry]) -> bool:
    """Whether every comparison passes, and those without a verdict have one to rest on."""
    return all(_stands(entry, entries) for entry in entries)


def _stands(entry: ReportEntry, others: Sequence[ReportEntry]) -> bool:
    """Whether an entry passes: by its own verdict, or by one on what was measured, which published figures are not."""
    rests = any(each.verdict is not None and each.rung != PUBLISHED for each in others)
    return entry.passes and (entry.verdict is not None or rests)


def as_json(report: Report) -> str:
    """The report for machines; docs/reference/gate-json.md describes it."""
    session = asdict(report.session)
    fields = {
        "schema": SCHEMA,
        "passes": report.passes,
        "complete": session.pop("complete"),
        "verdict": report.verdict.value,
        "session": session,
        "recipes": {name: _recipe_fields(entries) for name, entries in report.recipes.items()},
        "not_judged": list(report.not_judged),
        "other_failures": list(report.other_failures),
    }
    return json_text(fields)


def _recipe_fields(entries: Sequence[ReportEntry]) -> Dict[str, Any]:
    return {
        "verdict": recipe_verdict(entries).value,
        "passes": recipe_passes(entries),
        "comparisons": [_entry_fields(entry) for entry in entries],
    }


def _entry_fields(entry: ReportEntry) -> Dict[str, Any]:
    empty = Comparison(entry.rung, checked.incomparable(entry.recipe, entry.rung, "", "").judgement)
    fields = checked.as_fields(entry.checked or empty)
    # A path of this machine, which says nothing elsewhere.
    del fields["baselines_option"]
    if entry.checked is None:
        fields["findings"] = []
    return {"test": entry.test, "outcome": entry.outcome, "passes": entry.passes, "reason": entry.reason, **fields}
