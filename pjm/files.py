"""Writes files and appends to them, completely or not at all, and locks them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Mapping


def write_json(path: Path, document: Mapping[str, object], lasting: bool = True) -> None:
    """Write a JSON file with `write_whole`."""
    write_whole(path, json.dumps(document, indent=1) + "\n", lasting)


def write_whole(path: Path, text: str, lasting: bool = True, mode: int = 0o600) -> None:
    """Write a file that only its owner may read, completely or not at all.

    Args:
        path: an existing file is replaced.
        text: encoded by `system_bytes`.
        lasting: the file is on the disk when this returns, and survives a crash of the machine.
        mode: permissions, whatever the umask is: a test may have left a umask that denies even the owner.

    Raises:
        OSError: the file could not be written; an existing file is unchanged.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = os.open(str(unfinished), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(file, mode)
            _write(file, system_bytes(text))
            if lasting:
                os.fsync(file)
        finally:
            os.close(file)
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def system_bytes(text: str) -> bytes:
    """Encode text for a shell. File names keep their bytes in any locale; a line with other characters is UTF-8."""
    return b"".join(map(_line_bytes, text.splitlines(keepends=True)))


def _line_bytes(line: str) -> bytes:
    try:
        return os.fsencode(line)
    except UnicodeEncodeError:
        return line.encode("utf-8", "surrogateescape")


def append_whole(handle: int, data: bytes) -> None:
    """Append to an open file, completely or not at all. No other process may append at the same time.

    Raises:
        OSError: the data could not be written; a part that was written is removed again.
    """
    size = os.fstat(handle).st_size
    try:
        _write(handle, data)
    except OSError:
        os.ftruncate(handle, size)
        raise


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def drop_torn_line(handle: int) -> None:
    """Remove an incomplete last line of an open file, left by a writer that died."""
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.ftruncate(handle, os.pread(handle, size, 0).rfind(b"\n") + 1)


def try_lock(handle: int, inherited: bool = True) -> bool:
    """Lock an open file unless another process has locked it. Return whether it is locked now.

    Args:
        handle: open for reading and writing.
        inherited: if true, a child that has the file open keeps it locked, see flock(2). If false, the lock belongs
            to this process alone and ends when the process closes any handle of the file, see lockf(3).

    Raises:
        OSError: files cannot be locked here.
    """
    try:
        (fcntl.flock if inherited else fcntl.lockf)(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # fcntl(2): either means that another process has it
        return False
    return True


def writable_by_others(path: Path) -> bool:
    """Whether another user may change a file, or replace what is in a folder; in a sticky folder only its owner may."""
    mode = path.stat().st_mode
    return bool(mode & 0o022 and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX))
