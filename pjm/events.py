"""Append-only JSON lines: what happens in a job, written there and read while it is written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from pjm.atomic import append_whole
from pjm.encoding import decode, encode

Event = Dict[str, Any]

# What the lines are about; docs/reference of the session folder describes them.
BEGIN = "begin"  # a pytest process begins: versions and host
START = "start"  # a test
PHASE = "phase"  # of a test: setup, call, teardown
REPORT = "report"  # as pytest serializes it
STOP = "stop"  # a test
WARNING = "warning"
STOPPED = "stopped"  # the test that is running ended the whole session: pytest.exit, KeyboardInterrupt
CRASH = "crash"  # the process died while a test was running
MISSING = "missing"  # a test that was wanted and not found
SUITE_PROPERTY = "suite-property"
ATTRIBUTE = "attribute"  # of a test, for junit
END = "end"  # all is done

_CHUNK = 1 << 20


class EventLog:
    """Appends to a file of events; each line is with the operating system before `write` returns.

    Raises:
        OSError: from `write`, if a line could not be written whole; what was written of it is taken back.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            append_whole(self._file, b"\n")  # a predecessor died within a line

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        line = {"event": event, **{name: encode(value) for name, value in fields.items()}}
        append_whole(self._file, json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Tail:
    """Reads what is new in a file of events; a last line without its end is left for the next time.

    Attributes:
        garbled: number of whole lines that were no events.
        offset: bytes read so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.garbled = 0
        self.offset = 0
        self._rest = b""

    def read(self) -> List[Event]:
        """The events since the last call; none if there is no file yet."""
        events: List[Event] = []
        try:
            with self.path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size <= self.offset:
                    return events
                file.seek(self.offset)
                while True:
                    data = file.read(_CHUNK)
                    if not data:
                        break
                    self.offset += len(data)
                    self._take(data, events)
        except FileNotFoundError:
            pass
        return events

    def _take(self, data: bytes, events: List[Event]) -> None:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if not line:
                continue
            event = parse(line)
            if event is None:
                self.garbled += 1
            else:
                events.append(event)


def parse(line: bytes) -> Optional[Event]:
    """One event; None if the line is none."""
    try:
        event = json.loads(line.decode("ascii"), object_hook=decode)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
