"""The file of how long each test took, which the packing of the next session uses."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Dict, Optional

from pjm.files import write_json
from pjm.follow.results import Result
from pjm.job import events

FILE = "durations.json"
EMULATED = "durations-emulated.json"
_LONGEST = 1e9  # seconds, 30 years: a longer duration is not a measurement


def measured(result: Result) -> Optional[float]:
    """Seconds that a test took, or had when it was cut off; None if it has not run to its end."""
    if result.cut_off is not None:
        return result.cut_off
    if result.trouble is not None or result.skipped is not None:
        return None
    reports = (event["data"] for event in result.events if event["event"] == events.REPORT)
    return sum(float(report.get("duration", 0.0)) for report in reports)


class Durations:
    """The durations measured before, and those of this session.

    Args:
        path: the file; the durations of one machine do not hold for another, which needs a file of its own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: Dict[str, float] = {}

    def known(self) -> Dict[str, float]:
        """Seconds by node id; empty if the file is missing or damaged, because packing works without it."""
        try:
            document = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(document, dict):
            return {}
        return {
            name: float(seconds)
            for name, seconds in document.items()
            if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < _LONGEST
        }

    def learn(self, result: Result) -> None:
        """Note how long a test took; for a test that was cut off, that it takes at least so long."""
        seconds = measured(result)
        if seconds is not None:
            least = self.known().get(result.test, 0.0) if result.cut_off is not None else 0.0
            self.note(result.test, max(seconds, least))

    def note(self, test: str, seconds: float) -> None:
        """Note how long a test took."""
        self._new[test] = seconds

    def save(self) -> None:
        """Update the file with the durations of this session."""
        if self._new:
            with contextlib.suppress(OSError):
                write_json(self._path, {**self.known(), **{name: round(value, 4) for name, value in self._new.items()}})
