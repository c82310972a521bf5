"""How long tests took, for the next packing."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Dict

from pjm.atomic import write_json

FILE = "durations.json"


class Durations:
    """What was measured before, and in this session.

    Args:
        workdir: where the sessions of a project are kept.
    """

    def __init__(self, workdir: Path) -> None:
        self._path = workdir / FILE
        self._new: Dict[str, float] = {}

    def known(self) -> Dict[str, float]:
        """Seconds by node id; nothing where the file is missing or damaged: it only makes packing better."""
        try:
            found = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return {}
        if not isinstance(found, dict):
            return {}
        return {
            name: float(seconds)
            for name, seconds in found.items()
            if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and seconds >= 0
        }

    def add(self, test: str, seconds: float) -> None:
        """Note one phase of a test."""
        self._new[test] = self._new.get(test, 0.0) + seconds

    def save(self) -> None:
        """Write what was measured over what was known."""
        if self._new:
            with contextlib.suppress(OSError):
                write_json(self._path, {**self.known(), **{name: round(value, 4) for name, value in self._new.items()}})
