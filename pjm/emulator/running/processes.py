"""The processes of a job: found by a mark in their environment, wherever they went."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import List, Optional

MARK = "PJM_EMULATOR_RUN"
PROC = Path("/proc")


def mark(folder: Path, run: str) -> str:
    """The value of the mark for one start of a job."""
    return f"{folder}/runs/{run}"


def of(value: str) -> List[int]:
    """Ids of the processes that have the mark; none where there is no /proc."""
    wanted = os.fsencode(f"{MARK}={value}")
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        # Others' processes, and those that end at this moment.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def send(value: str, group: Optional[int], number: int) -> None:
    """Send a signal to all processes of a job.

    Args:
        value: their mark.
        group: their process group, for those that cleared their environment.
        number: the signal.
    """
    for process in of(value):
        # Those of the group get it with the group: once is enough.
        with contextlib.suppress(OSError):
            if group is None or os.getpgid(process) != group:
                os.kill(process, number)
    if group is not None:
        with contextlib.suppress(OSError):
            os.killpg(group, number)


def clear(value: str, group: Optional[int] = None) -> None:
    """Kill what is left of a job."""
    send(value, group, signal.SIGKILL)
