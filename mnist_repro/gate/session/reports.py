"""From pytest's reports, whichever process or job made them, to what the gate reports."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    import pytest

    from mnist_repro.gate.comparison import Comparison
    from mnist_repro.gate.report import ReportEntry

# Properties of a report: what its test is about, as JSON of (recipe, rung); and each `Comparison`, as JSON.
WANTED = "mnist_repro.wanted"
CHECKED = "mnist_repro.checked"
_REASON_SHOWN = 300


@dataclass
class _Test:
    outcome: str = ""
    reason: str = ""
    properties: List[Tuple[str, str]] = field(default_factory=list)

    def named(self, name: str) -> List[str]:
        return [value for key, value in self.properties if key == name]


class Collector:
    """Sees every report of a session and keeps what the gate has to tell."""

    def __init__(self) -> None:
        self._tests: Dict[str, _Test] = {}

    def see(self, report: pytest.TestReport) -> bool:
        """Take in a report; whether it ends a comparison."""
        if report.when == "setup" or report.nodeid not in self._tests:
            # A test that is run again starts afresh.
            self._tests[report.nodeid] = _Test()
        test = self._tests[report.nodeid]
        test.properties = [(str(name), str(value)) for name, value in report.user_properties] or test.properties
        if report.when == "call" or not report.passed:
            test.outcome, test.reason = _outcome(report)
        return report.when != "setup" and bool(test.named(CHECKED))

    def see_uncollected(self, name: str) -> None:
        """Take in that a module or folder could not be collected."""
        self._tests[name] = _Test("failed")

    def any(self) -> bool:
        """Whether any test was about a comparison."""
        return any(test.named(CHECKED) or test.named(WANTED) for test in self._tests.values())

    def entries(self) -> Tuple[ReportEntry, ...]:
        """What became of every comparison, those without a verdict included."""
        found: List[ReportEntry] = []
        for name, test in self._tests.items():
            found += _entries(name, test)
        return tuple(found)

    def other_failures(self) -> Tuple[str, ...]:
        """Tests that failed and are no comparisons, and modules that could not be collected."""
        return tuple(
            name
            for name, test in self._tests.items()
            if test.outcome == "failed" and not test.named(CHECKED) and not test.named(WANTED)
        )


def _outcome(report: pytest.TestReport) -> Tuple[str, str]:
    expected: Optional[str] = getattr(report, "wasxfail", None)
    if report.skipped and expected is not None:
        return "xfailed", expected
    if report.skipped and isinstance(report.longrepr, tuple):
        return "skipped", str(report.longrepr[2])
    lines = [line for line in report.longreprtext.splitlines() if line.strip()]
    return report.outcome, lines[-1][:_REASON_SHOWN] if lines else ""


def _explained(checked: Comparison, outcome: str, reason: str) -> str:
    """The reason, where the findings do not tell it: a known difference, or a failure although all is well."""
    other = outcome != "passed" and checked.verdict is not None and checked.verdict.passes
    return reason if outcome == "xfailed" or other else ""


def _entries(name: str, test: _Test) -> List[ReportEntry]:
    from mnist_repro.gate.comparison import from_fields
    from mnist_repro.gate.report import ReportEntry

    checked = [from_fields(json.loads(text)) for text in test.named(CHECKED)]
    outcome = test.outcome or "unfinished"
    if checked:
        # What failed a test is its last comparison, those before have passed.
        outcomes = ["passed"] * (len(checked) - 1) + [outcome]
        return [
            ReportEntry(name, ended, each.recipe, each.rung, each, _explained(each, ended, test.reason))
            for each, ended in zip(checked, outcomes)
        ]
    wanted = [json.loads(text) for text in test.named(WANTED)]
    reason = test.reason or ("it never called baseline.check" if outcome == "passed" else "")
    return [ReportEntry(name, outcome, recipe, rung, None, reason) for recipe, rung in wanted]
