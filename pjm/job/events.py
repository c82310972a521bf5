"""The event file of a share: JSON lines that the job appends, and that the client reads while the job runs."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, NoReturn, Optional

from pjm.files import append_whole
from pjm.job.encoding import decode, encode

Event = Dict[str, Any]

# The kinds of events; docs/reference/session-folder.md describes them.
BEGIN = "begin"  # a pytest process begins: versions and host
PLUGINS = "plugins"  # the packages whose plugins pytest has loaded
START = "start"  # a test starts
PHASE = "phase"  # a phase of a test begins: setup, call, teardown
REPORT = "report"  # a report, as pytest serializes it
STOP = "stop"  # a test has ended
WARNING = "warning"
STOPPED = "stopped"  # the test that is running ended the whole session: pytest.exit, KeyboardInterrupt
ENOUGH = "enough"  # the test, or a plugin that saw its report, has set session.shouldstop or session.shouldfail
CRASH = "crash"  # the process died while a test was running
MISSING = "missing"  # a test of the share was not found
SUITE_PROPERTY = "suite-property"
ATTRIBUTE = "attribute"  # an attribute of a test, for junit
BOOK = "book"  # what another plugin gathered of a test; see `pjm.job.books`
FINISH = "finish"  # the session of pytest is over: its exit code, whether its tests explain that, and its traceback
EXIT = "exit"  # the process of pytest has ended: its exit code, and where its threads were if it was given up
END = "end"  # all tests of the share are done

BROKEN = 74  # exit code if the results cannot be written; EX_IOERR of sysexits.h
_CHUNK = 1 << 20


class EventLog:
    """Appends to a file of events. The operating system has each line before `write` returns.

    Raises:
        OSError: from `write`, if a line could not be written completely; a part that was written is removed again.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            append_whole(self._file, b"\n")  # an earlier process died while it wrote a line

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        line = {"event": event, **{name: encode(value) for name, value in fields.items()}}
        append_whole(self._file, json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class SureLog:
    """An event log that ends its process if an event cannot be written: the results would be lost.

    Args:
        path: the file of events.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stderr = os.dup(2)  # pytest captures the original one
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
    """Reads new lines of a file of events. An incomplete last line is left for the next time.

    Attributes:
        garbled: number of complete lines that are not events.
        offset: bytes of the lines that were read so far.
        trouble: why the file cannot be read, if that happens repeatedly; None if it can, or if there is no file yet.

    Args:
        path: the file of events.
        patience: how often a line with bytes of 0 is read before it is accepted as it is: while another machine
            writes, a shared file system may show the length of a file before its content.
    """

    def __init__(self, path: Path, patience: int = 1) -> None:
        self.path = path
        self.garbled = 0
        self.offset = 0
        self.trouble: Optional[str] = None
        self._patience = patience
        self._hollow = self._failures = 0

    def read(self) -> List[Event]:
        """The events since the last call; none if there is no file yet, or if the file cannot be read at present."""
        events: List[Event] = []
        try:
            with self.path.open("rb", buffering=0) as file:
                self._read(file, events)
        except FileNotFoundError:
            pass
        except OSError as error:  # on a shared file system, a file can be stale for a moment
            self._failures += 1
            if self._failures > 1:  # a single failure is not worth a message
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
        """Whether the content of a line has not arrived yet."""
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
    """Parse one event; None if the line is not an event."""
    try:
        event = json.loads(line.decode("ascii"), object_hook=decode)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
