"""How long tests took, for the next packing."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Dict

from pjm.files import write_json
from pjm.follow.results import Result
from pjm.job import events

FILE = "durations.json"
EMULATED = "durations-emulated.json"
_LONGEST = 1e9  # seconds, 30 years: what is longer was not measured


class Durations:
    """What was measured before, and in this session.

    Args:
        workdir: where the sessions of a project are kept.
        emulated: of jobs on this machine, which say nothing of those on another one.
    """

    def __init__(self, workdir: Path, emulated: bool = False) -> None:
        self._path = workdir / (EMULATED if emulated else FILE)
        self._new: Dict[str, float] = {}

    def known(self) -> Dict[str, float]:
        """Seconds by node id; nothing where the file is missing or damaged: it only makes packing better."""
        try:
            found = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            name: float(seconds)
            for name, seconds in found.items()
            if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < _LONGEST
        }

    def learn(self, result: Result) -> None:
        """Note how long a test took; of one that was cut off, that it takes at least as long."""
        if result.cut_off is not None:
            self._new[result.test] = max(result.cut_off, self.known().get(result.test, 0.0))
        elif result.trouble is None and result.skipped is None:
            reports = (event["data"] for event in result.events if event["event"] == events.REPORT)
            self._new[result.test] = sum(float(report.get("duration", 0.0)) for report in reports)

    def save(self) -> None:
        """Write what was measured over what was known."""
        if self._new:
            with contextlib.suppress(OSError):
                write_json(self._path, {**self.known(), **{name: round(value, 4) for name, value in self._new.items()}})
