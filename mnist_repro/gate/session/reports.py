"""Collects the entries of the gate report from pytest's test reports, of any process or job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    import pytest

    from mnist_repro.gate.comparison import Comparison
    from mnist_repro.gate.report import ReportEntry

# Properties of a test report: (name, kind) as JSON; each `Comparison` as JSON.
WANTED = "gate.wanted"
CHECKED = "gate.checked"
# What was recorded and not judged: a list of the name and lines, as JSON.
RECORDED = "gate.recorded"
# What the fixture `gate` announces, which learns its names only when it is used.
ANY_NAME = json.dumps(("(nothing)", "samples"))
TRIED_AGAIN = "an earlier attempt of this test; a later one does not undo its verdict"
_REASON_SHOWN = 300


class _Test:
    # Not a dataclass: every start of pytest would make it.
    def __init__(self, outcome: str = "") -> None:
        self.outcome = outcome
        self.reason = ""
        self.properties: List[Tuple[str, str]] = []

    def named(self, name: str) -> List[str]:
        return [value for key, value in self.properties if key == name]

    def recorded(self) -> List[Tuple[str, List[str]]]:
        return [(name, lines) for name, *lines in map(json.loads, self.named(RECORDED))]


def properties(comparison: Comparison) -> List[Tuple[str, str]]:
    """The properties for JUnit and the gate report: verdict, figures of each finding, and the comparison as JSON."""
    from mnist_repro.gate.comparison import as_fields
    from mnist_repro.gate.text import in_one_line

    values = [(f"{comparison.name} verdict", comparison.verdict.value if comparison.verdict else "none")]
    values += [(f"{comparison.name}: {each.name}", in_one_line(each)) for each in comparison.judgement.findings]
    return [*values, (CHECKED, json.dumps(as_fields(comparison), allow_nan=False))]


def conclude(comparison: Comparison, note: Callable[[str, str], None]) -> None:
    """Note a comparison in the test's report; skip the test if there is no verdict, fail it unless it passes."""
    __tracebackhide__ = True
    import pytest

    from mnist_repro.gate.text import failure

    for name, value in properties(comparison):
        note(name, value)
    if comparison.verdict is None:
        pytest.skip("; ".join(comparison.judgement.notes))
    if not comparison.passes:
        pytest.fail(failure(comparison), pytrace=False)


class Collector:
    """Reads every test report of a session, and keeps the entries of the gate report."""

    def __init__(self) -> None:
        self._tests: Dict[str, _Test] = {}

    def see(self, report: pytest.TestReport) -> bool:
        """Read a test report; return whether it completes a comparison."""
        if report.when == "setup" or report.nodeid not in self._tests:
            # When a test runs again, its earlier reports do not count.
            self._tests[report.nodeid] = _Test()
        test = self._tests[report.nodeid]
        test.properties = [(str(name), str(value)) for name, value in report.user_properties] or test.properties
        if report.when == "call" or not report.passed:
            test.outcome, test.reason = _outcome(report)
        return report.when != "setup" and bool(test.named(CHECKED))

    def see_uncollected(self, name: str) -> None:
        """Note that a module or folder could not be collected."""
        self._tests[name] = _Test("failed")

    def any(self) -> bool:
        """Whether any test made or announced a comparison."""
        return any(test.named(CHECKED) or test.named(WANTED) for test in self._tests.values())

    def recorded(self) -> List[str]:
        """What tests recorded, as lines."""
        return [line for test in self._tests.values() for _, lines in test.recorded() for line in lines]

    def entries(self) -> Tuple[ReportEntry, ...]:
        """An entry for every comparison, also for those without a verdict."""
        entries: List[ReportEntry] = []
        users: Dict[str, str] = {}
        for name, test in self._tests.items():
            made = _entries(name, test)
            entries += _once(name, made, users) if test.named(WANTED)[:1] == [ANY_NAME] else made
            entries += _recorded_twice(name, test, users)
        return tuple(entries)

    def other_failures(self) -> Tuple[str, ...]:
        """Failed tests without a comparison, and modules that could not be collected."""
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


def _once(test: str, made: List[ReportEntry], users: Dict[str, str]) -> List[ReportEntry]:
    """The entries of a test; one fails if an earlier test used its name: processes do not know each other's names."""
    from dataclasses import replace

    return [
        replace(each, outcome="failed", reason=_twice(each.name, users[each.name], test))
        if users.setdefault(each.name, test) != test and each.passes
        else each
        for each in made
    ]


def _recorded_twice(name: str, test: _Test, users: Dict[str, str]) -> List[ReportEntry]:
    """An entry that fails for each name that a test recorded and an earlier one used, in another process."""
    from mnist_repro.gate.comparison import SAMPLES
    from mnist_repro.gate.report import ReportEntry

    return [
        ReportEntry(name, "failed", gate, SAMPLES, None, f"{_twice(gate, users[gate], name)}: record again")
        for gate, _ in test.recorded()
        if users.setdefault(gate, name) != name
    ]


def _twice(name: str, first: str, second: str) -> str:
    return f"{name} is the name of two gates: of {first} and of {second}"


def _explained(checked: Comparison, outcome: str, reason: str) -> str:
    """The reason that the findings do not give: of a known difference, or of a failure although the verdict passes."""
    other = outcome != "passed" and checked.passes
    return reason if outcome == "xfailed" or other else ""


def _went_on(name: str, checked: Comparison, again: bool) -> ReportEntry:
    """The entry of a comparison after which its test went on, or was made again."""
    from mnist_repro.gate.report import ReportEntry

    if checked.verdict is None:
        return ReportEntry(name, "skipped", checked.name, checked.kind, checked)
    outcome = "passed" if checked.passes else "failed"
    reason = TRIED_AGAIN if again and not checked.passes else ""
    return ReportEntry(name, outcome, checked.name, checked.kind, checked, reason)


def _entries(name: str, test: _Test) -> List[ReportEntry]:
    from mnist_repro.gate.comparison import from_fields
    from mnist_repro.gate.report import ReportEntry

    checked = [from_fields(json.loads(text)) for text in test.named(CHECKED)]
    outcome = test.outcome or "unfinished"
    if checked:
        # The last comparison decided the test's outcome. Those before it with the same name are earlier attempts.
        *earlier, last = checked
        latest = {each.name: each for each in checked}
        entries = [_went_on(name, each, again=latest[each.name] is not each) for each in earlier]
        reason = _explained(last, outcome, test.reason)
        return [*entries, ReportEntry(name, outcome, last.name, last.kind, last, reason)]
    targets = [json.loads(text) for text in ([] if test.named(RECORDED) else test.named(WANTED))]
    reason = test.reason or ("it compared nothing" if outcome == "passed" else "")
    return [ReportEntry(name, outcome, wanted, kind, None, reason) for wanted, kind in targets]
