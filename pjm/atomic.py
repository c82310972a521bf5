"""Writes files, and appends to them, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Mapping


def write_json(path: Path, document: Mapping[str, object], lasting: bool = True) -> None:
    """Write a JSON file, as `write_whole` does."""
    write_whole(path, json.dumps(document, indent=1) + "\n", lasting)


def write_whole(path: Path, text: str, lasting: bool = True) -> None:
    """Write a file that is its owner's alone, whole or not at all.

    Args:
        path: what was there is replaced.
        text: written as `system_bytes` has it.
        lasting: it is on the disk when this returns, and outlives a crash of the machine.

    Raises:
        OSError: it could not be written; what was there is untouched.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(str(unfinished), "wb", opener=_for_us_alone) as file:
            file.write(system_bytes(text))
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def system_bytes(text: str) -> bytes:
    """Text as shells read it: names of files byte for byte, whatever the locale is; a line with others as UTF-8."""
    return b"".join(map(_line_bytes, text.splitlines(keepends=True)))


def _line_bytes(line: str) -> bytes:
    try:
        return os.fsencode(line)
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape")


def append_whole(handle: int, data: bytes) -> None:
    """Append to an open file, whole or not at all.

    Raises:
        OSError: it could not be written; what was written of it is taken back.
    """
    size = os.fstat(handle).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError:
        os.ftruncate(handle, size)
        raise


def drop_torn_line(handle: int) -> None:
    """Take back what follows the last whole line of an open file: its writer died within a line."""
    size = os.fstat(handle).st_size
    os.ftruncate(handle, os.pread(handle, size, 0).rfind(b"\n") + 1)


def _for_us_alone(path: str, flags: int) -> int:
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)  # a test may have left a umask that takes even that away
    return handle
