"""Reports to pytest the results of tests that ran in jobs, as if they had run in this process."""

from __future__ import annotations

import os
import re
import sys
import warnings
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Callable, Container, Dict, Generator, List, Mapping, Optional, Sequence, Tuple, Type, Union

import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback, TerminalRepr
from _pytest._io import TerminalWriter

from pjm.batch.roots import SAME, Roots
from pjm.errors import BadInput
from pjm.follow.jobs import FollowedShare
from pjm.follow.results import News, NoResult, Result
from pjm.identity import identity
from pjm.job import events
from pjm.job.books import Benchmarks, Snapshots, books
from pjm.job.events import Event
from pjm.job.share_events import BadEnd, SuiteProperty
from pjm.job.worker_plugin import plugin_names

Status = Tuple[str, str, Union[str, Tuple[str, Mapping[str, bool]]]]  # category, letter and word of a report

_ORDER = ("setup", "call", "teardown")
# In a failure of which pytest sends the text: "file PATH, line 12" or "PATH:12: ".
_PLACE = re.compile(r"(?<=^file )/.+(?=, line \d+$)|^/[^:\n]+(?=:\d+)", re.MULTILINE)


@dataclass(eq=False)  # pluggy compares plugins: each is equal to itself alone
class Replay:
    """Calls pytest's hooks for results that came from jobs.

    Attributes:
        config: the configuration of pytest.
        items: the items that ran in jobs, by node id.
        obeyed: tests that stopped the session when an earlier client followed it: they do not stop it again.
        left_out: names of the files that a failure names, that are here, and were not copied to where jobs run.
        roots: where our folders are on the machine of the jobs.
        ended: tests that stopped the session now.
        exit: what one of them raised with `pytest.exit`.
    """

    config: pytest.Config
    items: Mapping[str, pytest.Item]
    obeyed: Container[str] = ()
    left_out: Callable[[str], Sequence[str]] = lambda text: ()
    roots: Roots = SAME
    ended: List[str] = field(default_factory=list)
    exit: Optional[BaseException] = None
    _ran_in: Optional[FollowedShare] = None
    _books: Dict[str, Union[Benchmarks, Snapshots]] = field(default_factory=books)

    def report(self, news: News) -> None:
        """Report one test from its start to its end, or one property of the suite."""
        if isinstance(news, SuiteProperty):
            xml = _junit(self.config)
            if xml is not None:
                xml.add_global_property(news.name, news.value)
            return
        item = self.items[news.test]
        hook, self._ran_in = item.ihook, news.ran_in
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for event in news.events:
            self._report_event(item, event)
        if news.exit is not None and news.test not in self.obeyed:
            self.ended.append(news.test)
            self.exit = self.exit or pytest.exit.Exception(str(news.exit.get("why")), news.exit.get("code"))
        else:
            for report in _added_reports(item, news):
                self._log(item, report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        self._ran_in = None

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, config: pytest.Config) -> Generator[None, Status, Status]:
        """With -v, say in which job the test that is reported just now has run."""
        category, letter, word = yield
        if self._ran_in is None or config.option.verbose < 1 or not word:
            return category, letter, word
        place = f" in {self._ran_in.id}"
        return category, letter, (word[0] + place, word[1]) if isinstance(word, tuple) else word + place

    def _log(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Report one phase; a failure names its job, the file of the job's output, and plugins that were not there."""
        if report.failed and self._ran_in is not None:
            lines = [os.path.relpath(str(self._ran_in.outputs.out))]
            theirs = self._ran_in.reading.plugins
            without = [] if theirs is None else sorted(plugin_names(self.config).difference(theirs))
            if without:
                lines.append(f"not loaded there, but here: {', '.join(without)}")
            for name in self.left_out(report.longreprtext):
                lines.append(f"not pushed there, and so not seen: {name}")
            report.sections.append((f"output of job {self._ran_in.id}", "\n".join(lines)))
        item.ihook.pytest_runtest_logreport(report=report)

    def session_over(self, share: FollowedShare) -> None:
        """Hand what plugins left at the end of a job's sessions to those here, as pytest-xdist does with a worker's."""
        hook = getattr(self.config.hook, "pytest_testnodedown", None)
        outputs = (process.finish.get("output") for process in share.reading.processes if process.finish)
        for output in filter(None, outputs):
            worker = {"workerid": share.id}
            node = SimpleNamespace(config=self.config, workeroutput=output, workerinput=worker)
            try:
                if hook is not None:
                    hook(node=node, error=None)
            except Exception as error:  # as where the job's Python has another version of the plugin, or not the plugin
                text = f"what plugins of job {share.id} left is not taken over: {type(error).__name__}: {error}"
                self.config.issue_config_time_warning(pytest.PytestWarning(text), stacklevel=2)

    def _report_event(self, item: pytest.Item, event: Event) -> None:
        kind = event["event"]
        if kind == events.REPORT:
            # A hook may give a test another name in a job, such as its number among the tests there.
            data = {**event["data"], "nodeid": item.nodeid}
            report = self._rebuilt({**data, "longrepr": placed(data.get("longrepr"), self.roots)})
            if event.get("shown") and isinstance(report.longrepr, str):
                report.longrepr = Text(report.longrepr)
            self._log(item, report)
        elif kind == events.WARNING:
            self.config.hook.pytest_warning_recorded.call_historic(kwargs=_warning(item, event, self.roots))
        elif kind == events.ATTRIBUTE:
            xml = _junit(self.config)
            if xml is not None:
                xml.node_reporter(item.nodeid).add_attribute(event["name"], event["value"])
        elif kind == events.BOOK and event["plugin"] in self._books:
            self._enter(item, event["plugin"], event["entries"])
        elif kind == events.ENOUGH and identity(item) not in self.obeyed:
            self.ended.append(identity(item))
            if event["failed"]:
                item.session.shouldfail = event["why"]
            else:
                item.session.shouldstop = event["why"]

    def _enter(self, item: pytest.Item, plugin: str, entries: Any) -> None:
        try:
            self._books[plugin].enter(item, entries)
        except BadInput:
            raise
        except Exception as error:  # as with a later version of that plugin
            raise BadInput(
                f"what {plugin} gathered of {item.nodeid} in a job cannot be taken over",
                f"{type(error).__name__}: {error}",
                "have the same version of the plugin in jobs (fugaku_python) as here, or leave it out with -p no:NAME",
            ) from error

    def _rebuilt(self, data: Dict[str, Any]) -> pytest.TestReport:
        """Rebuild a report. If this version of pytest cannot read the failure, its plain text is shown."""
        kept = dict(data)
        try:
            report = self.config.hook.pytest_report_from_serializable(config=self.config, data=data)
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
            # pytest would take the texts of the values for the values themselves, and quote them again.
            object.__setattr__(report.context, "kwargs", context["kwargs"])
        rebuilt: pytest.TestReport = report
        return rebuilt


def take_over_exit_code(session: pytest.Session, ends: Sequence[Tuple[FollowedShare, BadEnd]]) -> None:
    """Have the session end with the exit code of the worst bad end, unless it has a reason of its own."""
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        session.exitstatus = max([session.exitstatus, *(end.code for _, end in ends)])


class Text(TerminalRepr):
    """The text of a failure that pytest formats in a special way, such as a doctest's: jobs send only its text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write the text to pytest's terminal."""
        tw.line(self._text)


_FIELDS = ("nodeid", "location", "keywords", "outcome", "longrepr", "when", "sections", "duration", "user_properties")


def _added_reports(item: pytest.Item, result: Result) -> List[pytest.TestReport]:
    """The reports that the job did not send: the failure itself, and the phases before and after it."""
    if result.skipped is not None:
        _, line, _ = item.location
        skipped = _report(item, "setup", "skipped")
        skipped.longrepr = (str(item.path), (line or 0) + 1, f"Skipped: {result.skipped}")
        return [skipped, _report(item, "teardown", "passed")]
    if result.trouble is None:
        return []
    reported = (event["data"] for event in result.events if event["event"] == events.REPORT)
    outcomes = {data.get("when"): data.get("outcome") for data in reported}
    phase = result.phase or "setup"
    if phase in outcomes:  # the process died before the next phase began
        phase = "call" if phase == "setup" and outcomes[phase] == "passed" else "teardown"
    reached = _ORDER[: _ORDER.index(phase)] if outcomes.get("setup", "passed") == "passed" else ()
    reports = [_report(item, when, "passed") for when in reached if when not in outcomes]
    failed = _report(item, phase, "failed")
    failed.longrepr = _representation(item, result.trouble)
    failed.sections = [(title, text) for title, text in result.trouble.sections]
    reports.append(failed)
    if phase != "teardown":
        teardown = _report(item, "teardown", "passed")
        # pytest's own teardown report has the captured output of all phases, and junit reads it there.
        teardown.sections = [section for section in failed.sections if section[0].startswith("Captured ")]
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
        reprtraceback=ReprTraceback([ReprEntryNative([text + "\n" for text in lines])], None, "native"),
        reprcrash=ReprFileLocation(path, (line or 0) + 1, f"{trouble.happened}; next: {trouble.advice}"),
    )


def _plain(longrepr: object) -> Optional[object]:
    """The text of a failure that another version of pytest serialized."""
    if not isinstance(longrepr, dict):
        return longrepr
    lines: List[str] = []
    for entry in longrepr.get("reprtraceback", {}).get("reprentries", []):
        lines += entry.get("data", {}).get("lines", [])
    return "\n".join(lines) or str((longrepr.get("reprcrash") or {}).get("message", ""))


def placed(longrepr: object, roots: Roots) -> object:
    """A serialized failure, or skip, that names places in files of this machine."""
    if isinstance(longrepr, str):
        return _PLACE.sub(lambda match: roots.here(match[0]), longrepr)
    if isinstance(longrepr, tuple):
        path, *rest = longrepr
        return (roots.here(path), *rest)
    return _with_paths(longrepr, roots)


def _with_paths(value: object, roots: Roots) -> object:
    if isinstance(value, dict):
        path = {"path": roots.here(value["path"])} if isinstance(value.get("path"), str) else {}
        return {**{name: _with_paths(each, roots) for name, each in value.items()}, **path}
    return [_with_paths(each, roots) for each in value] if isinstance(value, (list, tuple)) else value


def _warning(item: pytest.Item, event: Event, roots: Roots) -> Dict[str, Any]:
    module, name = event["category"]
    category: Type[Warning] = Warning
    loaded = getattr(sys.modules.get(module), name, None)
    if isinstance(loaded, type) and issubclass(loaded, Warning):
        category = loaded
    else:
        category = type(name, (Warning,), {"__module__": module})
    message = warnings.WarningMessage(
        message=event["message"],
        category=category,
        filename=roots.here(event["filename"]),
        lineno=event["lineno"],
    )
    return {
        "warning_message": message,
        "when": event["when"],
        "nodeid": item.nodeid,
        "location": event["location"],
    }


def _junit(config: pytest.Config) -> Any:
    from _pytest.junitxml import xml_key

    return config.stash.get(xml_key, None)
