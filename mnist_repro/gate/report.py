"""The gate's report on a session, as a value and as gate.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

from mnist_repro.files.json import json_text
from mnist_repro.gate import comparison
from mnist_repro.gate.baselines.values import PUBLISHED
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import RECIPES

SCHEMA = 1
JSON, MARKDOWN = "gate.json", "gate.md"
NOTHING_TRAINED = "published figures compared with stored samples only: nothing was trained, the code was not tested"


@dataclass(frozen=True)
class ReportEntry:
    """One comparison of one test.

    Args:
        test: node id of the test.
        outcome: ``passed``, ``failed``, ``skipped``, or ``xfailed`` for a failure that is known and explained.
        recipe: name of the recipe.
        rung: name of the rung.
        checked: the comparison; None if the test ended before it made one.
        reason: why there is no comparison, or why the failure is expected.
    """

    test: str
    outcome: str
    recipe: str
    rung: str
    checked: Optional[Comparison] = None
    reason: str = ""

    @property
    def verdict(self) -> Optional[Verdict]:
        """The verdict of the comparison; None if the rung gives none. Without a comparison: `INCOMPARABLE`."""
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
        scale: ``subset`` or ``full``.
        seeds: a number, or ``auto``.
        arithmetic: ``original`` or ``framework``.
        started: ISO 8601.
        finished: ISO 8601; empty while the session runs.
        exit_code: pytest's exit code; None while the session runs.
        complete: whether every chosen test has run.
        versions: versions of mnist_repro, pytest and python in the session.
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
    def recipes(self) -> Dict[str, Tuple[ReportEntry, ...]]:
        """The entries of each recipe."""
        names = dict.fromkeys(entry.recipe for entry in self.entries)
        return {name: tuple(entry for entry in self.entries if entry.recipe == name) for name in names}

    @property
    def not_judged(self) -> Tuple[str, ...]:
        """The recipes for which this session had no test."""
        return tuple(name for name in RECIPES if name not in self.recipes)

    @property
    def nothing_trained(self) -> bool:
        """Whether the session compared only published figures, so that it says nothing about the code."""
        return bool(self.entries) and all(entry.rung == PUBLISHED for entry in self.entries)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all recipes."""
        return worst([recipe_verdict(entries) for entries in self.recipes.values()])

    @property
    def blocking(self) -> Tuple[ReportEntry, ...]:
        """Entries that fail the report: a failing verdict, or none and no other comparison of the recipe to rely on."""
        return tuple(entry for entries in self.recipes.values() for entry in entries if not _passes(entry, entries))

    @property
    def comparisons_pass(self) -> bool:
        """Whether there is at least one comparison, and every recipe passes."""
        return bool(self.entries) and not self.blocking

    @property
    def passes(self) -> bool:
        """Whether the comparisons pass, the session is complete, and no other test failed."""
        return (
            self.comparisons_pass and self.session.complete and self.session.exit_code == 0 and not self.other_failures
        )


def recipe_verdict(entries: Sequence[ReportEntry]) -> Verdict:
    """The worst verdict of a recipe, known differences included; `INCOMPARABLE` if there is no verdict."""
    return worst([entry.verdict for entry in entries if entry.verdict is not None])


def recipe_passes(entries: Sequence[ReportEntry]) -> bool:
    """Whether every comparison passes; one without a verdict needs another comparison to rely on."""
    return all(_passes(entry, entries) for entry in entries)


def _passes(entry: ReportEntry, others: Sequence[ReportEntry]) -> bool:
    """Whether an entry passes. Without a verdict, the recipe needs a verdict on a measurement in another entry.

    Published figures are not measurements.
    """
    measured = any(each.verdict is not None and each.rung != PUBLISHED for each in others)
    return entry.passes and (entry.verdict is not None or measured)


def as_json(report: Report) -> str:
    """The report for machines; docs/reference/gate-json.md describes it."""
    session = asdict(report.session)
    fields = {
        "schema": SCHEMA,
        "passes": report.passes,
        "complete": session.pop("complete"),
        "verdict": report.verdict.value,
        "session": session,
        "recipes": {name: _recipe_fields(report, entries) for name, entries in report.recipes.items()},
        "not_judged": list(report.not_judged),
        "other_failures": list(report.other_failures),
    }
    return json_text(fields)


def _recipe_fields(report: Report, entries: Sequence[ReportEntry]) -> Dict[str, Any]:
    comparisons = [_entry_fields(entry) for entry in entries]
    if report.nothing_trained:
        for fields in comparisons:
            fields["notes"] = [*fields["notes"], NOTHING_TRAINED]
    return {
        "verdict": recipe_verdict(entries).value,
        "passes": recipe_passes(entries),
        "comparisons": comparisons,
    }


def _entry_fields(entry: ReportEntry) -> Dict[str, Any]:
    empty = Comparison(entry.rung, comparison.incomparable(entry.recipe, entry.rung, "", "").judgement)
    fields = comparison.as_fields(entry.checked or empty)
    # A path of this machine, which has no meaning on another machine.
    del fields["baselines_option"]
    if entry.checked is None:
        fields["findings"] = []
    return {"test": entry.test, "outcome": entry.outcome, "passes": entry.passes, "reason": entry.reason, **fields}
