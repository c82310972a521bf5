"""Writes files, and appends to them, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Mapping


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """Write a JSON file whole or not at all."""
    write_whole(path, json.dumps(document, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file that is its owner's alone, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with open(str(unfinished), "w", encoding="utf-8", opener=_for_us_alone) as file:
        file.write(text)
    unfinished.replace(path)


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
    return os.open(path, flags, 0o600)
