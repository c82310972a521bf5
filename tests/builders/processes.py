"""Looks at other processes the way the system does, through /proc: who is alive, and whose child it is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, List, Optional, Set, TypeVar

import pytest

T = TypeVar("T")
PATIENCE = 300.0  # seconds, of a machine that others use too
NEEDED = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc: processes cannot be looked at")


def workers_of(parent: int) -> Set[int]:
    """The worker processes that a process has started."""
    return {child for child in children_of(parent) if b"mnist_repro.execution.workers" in said_at_start(child)}


def children_of(parent: int) -> List[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in parentheses may hold anything, the fields behind it are plain.
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


def said_at_start(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(process: object) -> bool:
    """Whether a process still runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return state[0] != "Z"


def busy(process: int) -> float:
    """How many seconds of computing a process has had."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until(done: Callable[[], Optional[T]]) -> T:
    """Wait for something to be so; what it then is."""
    end = time.monotonic() + PATIENCE
    while True:
        found = done()
        if found:
            return found
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
