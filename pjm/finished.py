"""Which tests of a share have run, which one was running, and which are left: read from its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from pjm import events
from pjm.events import Event
from pjm.passing import passed


@dataclass
class Finished:
    """What a file of events says so far.

    Attributes:
        done: tests that have stopped, crashed or were not found, and whether each passed.
        running: the test that has started and not stopped.
        phase: its phase.
        stopped: how it ended the whole session, if it did.
    """

    done: Dict[str, bool] = field(default_factory=dict)
    running: Optional[str] = None
    phase: str = "setup"
    stopped: str = ""
    _reports: List[Tuple[str, str]] = field(default_factory=list)

    def take(self, new: Iterable[Event]) -> None:
        """Follow what happens."""
        for event in new:
            kind = event["event"]
            if kind == events.BEGIN:
                self.running = None
            elif kind == events.START:
                self.running, self.phase = event["test"], "setup"
                self._reports = []
                self.stopped = ""
            elif kind == events.PHASE:
                self.phase = event["when"]
            elif kind == events.STOPPED:
                self.stopped = event["how"]
            elif kind == events.REPORT:
                self._reports.append((str(event["data"].get("when")), str(event["data"].get("outcome"))))
            elif kind == events.STOP:
                self.done[event["test"]] = passed(self._reports)
                self.running = None
            elif kind in (events.CRASH, events.MISSING):
                self.done[event["test"]] = False
                self.running = None

    def left(self, tests: Sequence[str]) -> List[str]:
        """The tests that have no result yet."""
        return [test for test in tests if test not in self.done]
