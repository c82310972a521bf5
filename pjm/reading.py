"""The events of a share, put together test by test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterable, Iterator, List, Optional, Tuple, Union

from pjm import events
from pjm.events import Event


@dataclass
class TestEvents:
    """What is known of one test.

    Attributes:
        test: node id.
        events: reports, warnings, what is for junit and what ends the session, in order.
        phase: the last one that began.
        started: when it began, seconds since the epoch.
        crash: how it took its process down; None if it did not.
        printed: title and text of what it had printed when it did.
        missing: why it was not there; None if it was.
        skipped: whether it was missing because its module skips itself.
    """

    __test__ = False  # its name begins like a test's

    test: str
    events: List[Event] = field(default_factory=list)
    phase: str = "setup"
    started: Optional[float] = None
    crash: Optional[str] = None
    printed: Tuple[Tuple[str, str], ...] = ()
    missing: Optional[str] = None
    skipped: bool = False


@dataclass(frozen=True)
class SuiteProperty:
    """A property of the whole suite, for junit."""

    name: str
    value: str


class Reading:
    """Follows the events of one share.

    Attributes:
        running: what is known of the test that has begun and not ended.
        began: when its first process did, seconds since the epoch.
        ended: the share has said that all is done.
    """

    def __init__(self) -> None:
        self.running: Optional[TestEvents] = None
        self.began: Optional[float] = None
        self.ended = False

    def take(self, new: Iterable[Event]) -> Iterator[Union[TestEvents, SuiteProperty]]:
        """Follow new events; give what they complete."""
        for event in new:
            kind = event["event"]
            if kind == events.BEGIN:
                self.running = None  # of a process that died, with what it had said
                self.began = self.began if self.began is not None else event.get("time")
            elif kind == events.START:
                self.running = TestEvents(event["test"], started=event.get("time"))
            elif kind == events.MISSING:
                yield TestEvents(event["test"], missing=str(event["why"]), skipped=event["outcome"] == "skipped")
            elif kind == events.SUITE_PROPERTY:
                yield SuiteProperty(event["name"], event["value"])
            elif kind == events.END:
                self.ended = True
            elif self.running is not None:
                yield from self._within(self.running, kind, event)

    def _within(self, running: TestEvents, kind: str, event: Event) -> Iterator[TestEvents]:
        if kind == events.PHASE:
            running.phase = event["when"]
        elif kind in (events.REPORT, events.WARNING, events.ATTRIBUTE, events.ENOUGH):
            running.events.append(event)
        elif kind in (events.STOP, events.CRASH) and event["test"] == running.test:
            self.running = None
            if kind == events.CRASH:
                running.crash = str(event["how"])
                running.printed = tuple(event.get("printed", ()))
            yield running
