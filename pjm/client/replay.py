"""Tells pytest what became of tests that ran elsewhere, as if they had run here."""

from __future__ import annotations

import sys
import warnings
from typing import Any, Container, Dict, List, Mapping, Optional, Type

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback, TerminalRepr
from _pytest._io import TerminalWriter

from pjm.follow.results import NoResult, Result, Told
from pjm.job import events
from pjm.job.events import Event
from pjm.job.share_events import SuiteProperty

_ORDER = ("setup", "call", "teardown")


class Replay:
    """Fires pytest's hooks.

    Args:
        config: pytest's.
        items: those that ran elsewhere, by node id.
        obeyed: tests that wanted an end of the session, and had it when it was followed before.

    Attributes:
        ended: tests that have ended the session now.
    """

    def __init__(self, config: pytest.Config, items: Mapping[str, pytest.Item], obeyed: Container[str] = ()) -> None:
        self.ended: List[str] = []
        self._config = config
        self._items = items
        self._obeyed = obeyed

    def tell(self, told: Told) -> None:
        """Tell of one test, from its start to its end, or of one property of the suite."""
        if isinstance(told, SuiteProperty):
            xml = _junit(self._config)
            if xml is not None:
                xml.add_global_property(told.name, told.value)
            return
        item = self._items[told.test]
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for event in told.events:
            self._tell_event(item, event)
        for report in _made_up(item, told):
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _tell_event(self, item: pytest.Item, event: Event) -> None:
        kind = event["event"]
        if kind == events.REPORT:
            report = self._report(event["data"])
            if event.get("shown") and isinstance(report.longrepr, str):
                report.longrepr = Text(report.longrepr)
            item.ihook.pytest_runtest_logreport(report=report)
        elif kind == events.WARNING:
            self._config.hook.pytest_warning_recorded.call_historic(kwargs=_warning(event))
        elif kind == events.ATTRIBUTE:
            xml = _junit(self._config)
            if xml is not None:
                xml.node_reporter(item.nodeid).add_attribute(event["name"], event["value"])
        elif kind == events.ENOUGH and item.nodeid not in self._obeyed:
            self.ended.append(item.nodeid)
            if event["failed"]:
                item.session.shouldfail = event["why"]
            else:
                item.session.shouldstop = event["why"]

    def _report(self, data: Dict[str, Any]) -> pytest.TestReport:
        """Rebuild a report; what another version of pytest cannot read is shown as plain text."""
        kept = dict(data)
        try:
            report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        except (TypeError, KeyError, ValueError, AttributeError, RuntimeError):
            report = None
        if report is None:
            kept["longrepr"] = _plain(kept.get("longrepr"))
            report = pytest.TestReport(
                **{name: kept[name] for name in _FIELDS if name in kept},
            )
            if "wasxfail" in kept:
                report.wasxfail = kept["wasxfail"]
        context = kept.get("_subtest.context")
        if isinstance(context, dict) and hasattr(report, "context"):
            # pytest takes the representations of the values for values, and represents them again.
            object.__setattr__(report.context, "kwargs", context["kwargs"])
        made: pytest.TestReport = report
        return made


class Text(TerminalRepr):
    """A failure that pytest shows in its own way, such as a doctest's; of it only the text has come over."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write it."""
        tw.line(self._text)


_FIELDS = ("nodeid", "location", "keywords", "outcome", "longrepr", "when", "sections", "duration", "user_properties")


def _made_up(item: pytest.Item, result: Result) -> List[pytest.TestReport]:
    """The reports that no job has given: of what went wrong, and of the teardown that has to follow."""
    if result.skipped is not None:
        _, line, _ = item.location
        skipped = _report(item, "setup", "skipped")
        skipped.longrepr = (str(item.path), (line or 0) + 1, f"Skipped: {result.skipped}")
        return [skipped, _report(item, "teardown", "passed")]
    if result.trouble is None:
        return []
    reported = (event["data"] for event in result.events if event["event"] == events.REPORT)
    told = {data.get("when"): data.get("outcome") for data in reported}
    phase = result.phase or "setup"
    if phase in told:  # the process died before the next one began
        phase = "call" if phase == "setup" and told[phase] == "passed" else "teardown"
    reached = _ORDER[: _ORDER.index(phase)] if told.get("setup", "passed") == "passed" else ()
    reports = [_report(item, when, "passed") for when in reached if when not in told]
    failed = _report(item, phase, "failed")
    failed.longrepr = _representation(item, result.trouble)
    failed.sections = [(title, text) for title, text in result.trouble.sections]
    reports.append(failed)
    if phase != "teardown":
        teardown = _report(item, "teardown", "passed")
        # As pytest's own has what was captured in all phases: junit takes it from there.
        teardown.sections = [each for each in failed.sections if each[0].startswith("Captured ")]
        reports.append(teardown)
    return reports


def _report(item: pytest.Item, when: str, outcome: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords=dict.fromkeys(item.keywords, 1),
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=None,
        when=when,  # type: ignore[arg-type]
        user_properties=item.user_properties,
    )


def _representation(item: pytest.Item, trouble: NoResult) -> ReprExceptionInfo:
    lines = [trouble.happened, f"  next: {trouble.advice}", f"  {trouble.job}"]
    path, line, _ = item.location
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback([ReprEntryNative([each + "\n" for each in lines])], None, "native"),
        reprcrash=ReprFileLocation(path, (line or 0) + 1, f"{trouble.happened}; next: {trouble.advice}"),
    )


def _plain(longrepr: object) -> Optional[object]:
    """The text of a failure that was serialized by another version."""
    if not isinstance(longrepr, dict):
        return longrepr
    lines: List[str] = []
    for entry in longrepr.get("reprtraceback", {}).get("reprentries", []):
        lines += entry.get("data", {}).get("lines", [])
    return "\n".join(lines) or str((longrepr.get("reprcrash") or {}).get("message", ""))


def _warning(event: Event) -> Dict[str, Any]:
    module, name = event["category"]
    category: Type[Warning] = Warning
    found = getattr(sys.modules.get(module), name, None)
    if isinstance(found, type) and issubclass(found, Warning):
        category = found
    else:
        category = type(name, (Warning,), {"__module__": module})
    message = warnings.WarningMessage(
        message=event["message"],
        category=category,
        filename=event["filename"],
        lineno=event["lineno"],
    )
    return {
        "warning_message": message,
        "when": event["when"],
        "nodeid": event["nodeid"],
        "location": event["location"],
    }


def _junit(config: pytest.Config) -> Any:
    from _pytest.junitxml import xml_key

    return config.stash.get(xml_key, None)
