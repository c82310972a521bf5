"""Append-only JSON lines: what happens in a job, written there and read while it is written."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, NoReturn, Optional

from pjm.files import append_whole
from pjm.job.encoding import decode, encode

Event = Dict[str, Any]

# What the lines are about; docs/reference of the session folder describes them.
BEGIN = "begin"  # a pytest process begins: versions and host
START = "start"  # a test
PHASE = "phase"  # of a test: setup, call, teardown
REPORT = "report"  # as pytest serializes it
STOP = "stop"  # a test
WARNING = "warning"
STOPPED = "stopped"  # the test that is running ended the whole session: pytest.exit, KeyboardInterrupt
ENOUGH = "enough"  # the test, or who listened, has set session.shouldstop or session.shouldfail
CRASH = "crash"  # the process died while a test was running
MISSING = "missing"  # a test that was wanted and not found
SUITE_PROPERTY = "suite-property"
ATTRIBUTE = "attribute"  # of a test, for junit
END = "end"  # all is done

BROKEN = 74  # the results cannot be written; the number is sysexits.h's for an error of input or output
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


class SureLog:
    """A log whose process ends if it cannot be written: what it does could not be told to anybody.

    Args:
        path: of the events.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stderr = os.dup(2)  # pytest captures the other one
        try:
            self._log = EventLog(path)
        except OSError as error:
            self._give_up(error)

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        try:
            self._log.write(event, **fields)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> NoReturn:
        text = f"\npjm: the results cannot be written: {self._path}: {error.strerror}\n"
        with contextlib.suppress(OSError):  # standard error may be on the same disk
            os.write(self._stderr, text.encode("utf-8", "replace"))
        os._exit(BROKEN)


class Tail:
    """Reads what is new in a file of events; a last line without its end is left for the next time.

    Attributes:
        garbled: number of whole lines that were no events.
        offset: bytes of the lines that were taken so far.
        trouble: why the file cannot be read, if that lasts; None if it can, or if there is none yet.

    Args:
        path: of the file.
        patience: how often a line with bytes of 0 is read before it is taken as it is: while another machine writes,
            a shared file system may know the length of a file before it knows what is in it.
    """

    def __init__(self, path: Path, patience: int = 1) -> None:
        self.path = path
        self.garbled = 0
        self.offset = 0
        self.trouble: Optional[str] = None
        self._patience = patience
        self._hollow = self._failures = 0

    def read(self) -> List[Event]:
        """The events since the last call; none if there is no file yet, or if it cannot be read at present."""
        events: List[Event] = []
        try:
            with self.path.open("rb", buffering=0) as file:
                self._read(file, events)
        except FileNotFoundError:
            pass
        except OSError as error:  # a shared file system has moments when a file is stale
            self._failures += 1
            if self._failures > 1:  # once is nothing to speak of
                self.trouble = f"{self.path} cannot be read: {error.strerror}"
            return events
        self._failures, self.trouble = 0, None
        return events

    def _read(self, file: BinaryIO, events: List[Event]) -> None:
        if os.fstat(file.fileno()).st_size <= self.offset:
            return
        file.seek(self.offset)
        rest = b""
        while True:
            data = file.read(_CHUNK)
            if not data:
                return
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if self._is_hollow(line):
                    return
                self.offset += len(line) + 1
                self._take(line, events)

    def _is_hollow(self, line: bytes) -> bool:
        """Whether a line is still on its way."""
        if b"\0" not in line:
            return False
        self._hollow += 1
        return self._hollow < self._patience

    def _take(self, line: bytes, events: List[Event]) -> None:
        self._hollow = 0
        event = parse(line)
        if event is not None:
            events.append(event)
        elif line:
            self.garbled += 1


def parse(line: bytes) -> Optional[Event]:
    """One event; None if the line is none."""
    try:
        event = json.loads(line.decode("ascii"), object_hook=decode)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
