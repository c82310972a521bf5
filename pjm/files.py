"""Files: writes them and appends to them, whole or not at all, and locks them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Mapping


def write_json(path: Path, document: Mapping[str, object], lasting: bool = True) -> None:
    """Write a JSON file, as `write_whole` does."""
    write_whole(path, json.dumps(document, indent=1) + "\n", lasting)


def write_whole(path: Path, text: str, lasting: bool = True, mode: int = 0o600) -> None:
    """Write a file that is its owner's alone, whole or not at all.

    Args:
        path: what was there is replaced.
        text: written as `system_bytes` has it.
        lasting: it is on the disk when this returns, and outlives a crash of the machine.
        mode: permissions, whatever the umask is: a test may have left one that takes even the owner's away.

    Raises:
        OSError: it could not be written; what was there is untouched.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(str(unfinished), "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            os.fchmod(file.fileno(), mode)
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
    """Append to an open file that no other process appends to meanwhile, whole or not at all.

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
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.ftruncate(handle, os.pread(handle, size, 0).rfind(b"\n") + 1)


def try_lock(handle: int, inherited: bool = True) -> bool:
    """Lock an open file, unless another process has it locked; whether it is locked now.

    Args:
        handle: open for reading and writing.
        inherited: a child that has the file open keeps it locked, as flock(2) has it. If not: the lock is this
            process's alone and ends when it closes any handle of the file, as lockf(3) has it.

    Raises:
        OSError: files cannot be locked here.
    """
    try:
        (fcntl.flock if inherited else fcntl.lockf)(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # fcntl(2): either means that another process has it
        return False
    return True
