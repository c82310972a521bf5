"""Follows the events of a share: the reports of each test and whether it passed, the running test, and those left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from pjm.job import events
from pjm.job.events import Event


@dataclass
class TestEvents:
    """The events of one test.

    Attributes:
        test: node id.
        events: reports, warnings, attributes for junit and events that end the session, in order.
        phase: the last phase that began.
        started: when the test began, seconds since the epoch.
        stopped: how the test ended the whole session; "" if it did not.
        crash: how the test took its process down; None if it did not.
        printed: title and text of the output before the crash.
        missing: why the test was not found; None if it was found.
        skipped: whether the test was not found because its module skips itself.
    """

    __test__ = False  # pytest would collect the class, because its name begins with Test

    test: str
    events: List[Event] = field(default_factory=list)
    phase: str = "setup"
    started: Optional[float] = None
    stopped: str = ""
    exit: Optional[Dict[str, Any]] = None
    crash: Optional[str] = None
    printed: Tuple[Tuple[str, str], ...] = ()
    missing: Optional[str] = None
    instead: Optional[str] = None
    skipped: bool = False

    @property
    def passed(self) -> bool:
        """Whether the tests that wait for this one may run."""
        return self.crash is None and self.missing is None and passed(outcomes(self.events))


def outcomes(records: Iterable[Event]) -> Iterator[Tuple[str, str]]:
    """Phase and outcome of every report among the events."""
    for event in records:
        if event["event"] == events.REPORT:
            yield str(event["data"].get("when")), str(event["data"].get("outcome"))


def passed(reports: Iterable[Tuple[str, str]]) -> bool:
    """Whether a test has passed, given the phase and outcome of each of its reports, in order.

    After a failure the test has failed, whatever reports follow: a failed subtest is followed by more reports. Only a
    new attempt at the whole test starts again.
    """
    called = failed = False
    for when, outcome in reports:
        if outcome == "rerun":  # pytest-rerunfailures: another attempt begins
            called = failed = False
        elif outcome == "failed":
            failed = True
        elif when == "call":
            called = outcome == "passed"
    return called and not failed


def reason_to_skip(before: str) -> str:
    """The reason to skip a test that waits for `before`, which did not pass."""
    return f"waits for {before}, which did not pass"


@dataclass(frozen=True)
class SuiteProperty:
    """A property of the whole suite, for junit."""

    name: str
    value: str


class BadEnd(NamedTuple):
    """What went wrong in a job after its tests, at the end of a session of pytest.

    Attributes:
        happened: what happened.
        text: the traceback, or the last output; "" if there is none.
        code: exit code for the whole session; 0 if the results of the tests decide.
    """

    happened: str
    text: str
    code: int


NO_TESTS = 5  # exit code of pytest


@dataclass
class Process:
    """One process of pytest in a share.

    Attributes:
        crashed: whether a test took it down.
        finish: the event at the end of its session; None if there was none.
        exit: the event at its end; None if there was none.
    """

    crashed: bool = False
    finish: Optional[Event] = None
    exit: Optional[Event] = None

    def bad_ends(self) -> Iterator[BadEnd]:
        """What went wrong in it after its tests."""
        if self.finish is None:
            code = int(self.exit["code"]) if self.exit is not None else 0
            # Where every test is missing, none is run; each has a result that says so.
            if self.exit is not None and not self.crashed and code != NO_TESTS:
                yield BadEnd(f"pytest ended with exit code {code} in the middle of its session", "", code)
            return
        code, text = int(self.finish["code"]), str(self.finish["text"])
        if not self.finish["explained"]:
            happened = f"its session of pytest ended with exit code {code}, which none of its tests caused"
            yield BadEnd(happened, text, code or 1)
        elif text:
            yield BadEnd("something went wrong in its session of pytest, outside its tests", text, code or 1)
        if self.exit is None:
            return
        if self.exit["unended"]:
            happened = "its Python had not ended within fugaku_grace after its tests, and was given up"
            yield BadEnd(happened, str(self.exit["unended"]), 0)
        elif self.exit["code"] != code:
            last = int(self.exit["code"])
            yield BadEnd(f"its Python ended with exit code {last} after exit code {code} of pytest", "", last or 1)


class Reading:
    """Follows the events of one share.

    Attributes:
        processes: the processes of pytest, in order.
        done: tests that have ended, crashed or were not found, and whether each passed.
        running: the test that has begun and not ended.
        began: when the first process of the share began, seconds since the epoch.
        ended: whether the share has written that all its tests are done.
        plugins: the packages whose plugins the share's pytest has loaded; None if it has not said.
    """

    def __init__(self) -> None:
        self.processes: List[Process] = []
        self.done: Dict[str, bool] = {}
        self.running: Optional[TestEvents] = None
        self.began: Optional[float] = None
        self.ended = False
        self.plugins: Optional[Tuple[str, ...]] = None

    def take(self, new: Iterable[Event]) -> List[Union[TestEvents, SuiteProperty]]:
        """Follow new events. Return the tests and suite properties that they complete."""
        completed = list(self._follow(new))
        self.done.update({test.test: test.passed for test in completed if isinstance(test, TestEvents)})
        return completed

    def left(self, tests: Sequence[str]) -> List[str]:
        """The tests that are not done."""
        return [test for test in tests if test not in self.done]

    def _follow(self, new: Iterable[Event]) -> Iterator[Union[TestEvents, SuiteProperty]]:
        for event in new:
            kind = event["event"]
            if kind == events.BEGIN:
                self.running = None  # drop the events of a test whose process died
                self.processes.append(Process())
                self.began = self.began if self.began is not None else event.get("time")
            elif kind == events.PLUGINS:
                self.plugins = tuple(event["names"])
            elif kind == events.START:
                self.running = TestEvents(event["test"], started=event.get("time"))
            elif kind == events.MISSING:
                yield TestEvents(
                    event["test"],
                    missing=str(event["why"]),
                    skipped=event["outcome"] == "skipped",
                    instead=event.get("instead"),
                )
            elif kind == events.SUITE_PROPERTY:
                yield SuiteProperty(event["name"], event["value"])
            elif kind == events.END:
                self.ended = True
            elif kind == events.FINISH and self.processes:
                self.processes[-1].finish = event
            elif kind == events.EXIT and self.processes:
                self.processes[-1].exit = event
            elif self.running is not None:
                yield from self._within(self.running, kind, event)

    def _within(self, running: TestEvents, kind: str, event: Event) -> Iterator[TestEvents]:
        if kind == events.PHASE:
            running.phase = event["when"]
        elif kind == events.STOPPED:
            running.stopped, running.exit = event["how"], event.get("exit")
        elif kind in (events.REPORT, events.WARNING, events.ATTRIBUTE, events.BOOK, events.ENOUGH):
            running.events.append(event)
        elif kind in (events.STOP, events.CRASH) and event["test"] == running.test:
            self.running = None
            if kind == events.CRASH:
                if self.processes:
                    self.processes[-1].crashed = True
                running.crash = str(event["how"])
                running.printed = tuple(event.get("printed", ()))
            yield running
