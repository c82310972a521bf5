"""Finds the processes of a job by a mark in their environment, and sends them signals."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

MARK = "PJM_EMULATOR_RUN"
PROC = Path("/proc")


def mark(folder: Path, run: str) -> str:
    """The value of the mark for one start of a job."""
    return f"{folder}/runs/{run}"


def read(path: Path) -> Optional[Dict[str, Any]]:
    """A file that the runner of a job writes; None if there is none, or if it is not whole."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def of(value: str) -> List[int]:
    """Ids of the processes that have the mark; none on a system without /proc."""
    wanted = os.fsencode(f"{MARK}={value}")
    ids = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        # Processes of other users cannot be read, and a process may end at this moment.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                ids.append(int(entry.name))
    return ids


def send(value: str, group: Optional[int], number: int) -> None:
    """Send a signal to all processes of a job.

    The process group is for processes that cleared their environment, and with it the mark.
    """
    for process in of(value):
        # Processes of the group get the signal below, and must not get it twice.
        with contextlib.suppress(OSError):
            if group is None or os.getpgid(process) != group:
                os.kill(process, number)
    if group is not None:
        with contextlib.suppress(OSError):
            os.killpg(group, number)
