"""The event file of a share: JSON lines that the job appends, and that the client reads while the job runs.

Values that JSON cannot express, such as tuples, sets and bytes, are objects with the key `$`.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path, PurePath
from typing import Any, Callable, Dict, List, NoReturn, Optional

from pjm.files import append_whole

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

# With ranks, in the file of each rank:
COLLECTED = "collected"  # the tests of the share that this rank has found
READY = "ready"  # the rank would begin this test
GONE = "gone"  # the rank's process has ended, in whatever way
# and in the file that all ranks read:
AGREED = "agreed"  # the tests that all ranks have found
GO = "go"  # all ranks are ready for this test

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
    """An event log that ends its process if an event cannot be written: the results would be lost."""

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

    @property
    def behind(self) -> bool:
        """Whether the last look may have missed lines, because a shared file system had not delivered them."""
        return 0 < self._failures < self._patience or self._hollow > 0

    def read(self) -> List[Event]:
        """The events since the last call; none if there is no file yet, or if the file cannot be read at present."""
        return self.take(self.fetch())

    def fetch(self) -> bytes:
        """The new lines, for `take`. It takes three calls of the file system, or one if there is no file yet."""
        data = b""
        try:
            file = os.open(str(self.path), os.O_RDONLY | os.O_CLOEXEC)  # opened anew: NFS then shows what is new
            try:
                data = _rest(file, self.offset)
            finally:
                os.close(file)
        except FileNotFoundError:
            pass
        except OSError as error:  # on a shared file system, a file can be stale for a moment
            self._failures += 1
            if self._failures > 1:  # a single failure is not worth a message
                self.trouble = f"{self.path} cannot be read: {error.strerror}"
            return b""
        self._failures, self.trouble = 0, None
        return self._arrived(data)

    def take(self, lines: bytes) -> List[Event]:
        """Count whole lines as read, and parse them."""
        self.offset += len(lines)
        events = []
        for line in filter(None, lines.split(b"\n")):
            event = parse(line)
            if event is None:
                self.garbled += 1
            else:
                events.append(event)
        return events

    def _arrived(self, data: bytes) -> bytes:
        """The whole lines of the data, up to one whose content has not arrived yet."""
        hollow = data.find(b"\0") if self._patience > 1 else -1
        end = data.find(b"\n", hollow) + 1 if hollow >= 0 else 0
        if not end:
            return data[: data.rfind(b"\n") + 1]
        before = data.rfind(b"\n", 0, hollow) + 1
        self._hollow = 1 if before else self._hollow + 1
        if self._hollow < self._patience:
            return data[:before]
        self._hollow = 0
        return data[:end] + self._arrived(data[end:])


def _rest(file: int, offset: int) -> bytes:
    """What an open file has behind an offset. A short answer is the end: no other call asks for that."""
    data = os.pread(file, _CHUNK, offset)
    if len(data) < _CHUNK:
        return data
    more = os.fstat(file).st_size - offset - _CHUNK  # negative for a device, which has no end
    return data + os.pread(file, max(0, more), offset + _CHUNK)


def parse(line: bytes) -> Optional[Event]:
    """Parse one event; None if the line is not an event."""
    try:
        event = json.loads(line.decode("ascii"), object_hook=decode)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


class Shown:
    """Replaces a value that cannot be encoded: holds its `str` and `repr` from the job."""

    def __init__(self, text: str, representation: str) -> None:
        self._text = text
        self._representation = representation

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._representation


# The field of an encoded value that says of which type it is.
VALUE_KIND = "$"


def encode(value: object) -> Any:
    """Encode a value for JSON. Tuples, sets, bytes and dictionaries with other keys than text keep their type."""
    if value is None or type(value) in (str, bool, int, float):
        return value
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        if all(type(key) is str for key in value) and VALUE_KIND not in value:
            return {key: encode(item) for key, item in value.items()}
        return {VALUE_KIND: "dict", "items": [[encode(key), encode(item)] for key, item in value.items()]}
    if type(value) is tuple:
        return {VALUE_KIND: "tuple", "items": [encode(item) for item in value]}
    return _encode_odd(value)


def _encode_odd(value: object) -> Any:
    if isinstance(value, (set, frozenset)):
        kind = "set" if isinstance(value, set) else "frozenset"
        return {VALUE_KIND: kind, "items": [encode(item) for item in value]}
    if isinstance(value, (bytes, bytearray)):
        return {VALUE_KIND: "bytes", "hex": bytes(value).hex()}
    if isinstance(value, PurePath):
        return str(value)
    try:
        return {VALUE_KIND: "shown", "text": str(value), "repr": repr(value)}
    except Exception as error:
        text = f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
        return {VALUE_KIND: "shown", "text": text, "repr": text}


def decode(fields: Dict[str, Any]) -> Any:
    """Decode one JSON object: an `object_hook` for `json.loads`, which calls it for inner objects first."""
    kind = fields.get(VALUE_KIND)
    if kind is None:
        return fields
    maker = _MAKERS.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise ValueError(f"{kind!r} is no kind of value that this version of pjm knows")
    return maker(fields)


def _pairs(fields: Dict[str, Any]) -> Dict[Any, Any]:
    return dict(fields["items"])


_MAKERS: Dict[str, Callable[[Dict[str, Any]], Any]] = {
    "tuple": lambda fields: tuple(fields["items"]),
    "set": lambda fields: set(fields["items"]),
    "frozenset": lambda fields: frozenset(fields["items"]),
    "bytes": lambda fields: bytes.fromhex(fields["hex"]),
    "dict": _pairs,
    "shown": lambda fields: Shown(fields["text"], fields["repr"]),
}
