"""The journal of an emulator: a line when a command begins and one when it ends, so the killed are known too."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Mapping, Sequence

from pjm.files import append_whole, drop_torn_line


def append(path: Path, record: Mapping[str, object]) -> None:
    """Add one line, whole even when many processes write."""
    line = json.dumps(record, ensure_ascii=True) + "\n"
    # A full disk must not change what a command answers.
    with contextlib.suppress(OSError):
        handle = os.open(str(path), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One command at a time: the line that a full disk cuts off must be the last, to be taken back.
            fcntl.flock(handle, fcntl.LOCK_EX)
            drop_torn_line(handle)
            append_whole(handle, line.encode("ascii"))
        finally:
            os.close(handle)


class Entry:
    """A command's two lines."""

    def __init__(self, path: Path, command: str, words: Sequence[str], user: str) -> None:
        self._path = path
        self._began = time.time()
        self.call = f"{os.getpid()}-{self._began:.6f}"
        begun = {"event": "begin", "call": self.call, "time": self._began, "command": command, "argv": list(words)}
        append(path, {**begun, "user": user})

    def end(self, code: int, faults: Sequence[str], jobs: Sequence[str]) -> None:
        """The command ends: its exit code, the faults that hit it, the jobs that it submitted."""
        ended = {"event": "end", "call": self.call, "seconds": round(time.time() - self._began, 4), "exit": code}
        append(self._path, {**ended, "faults": list(faults), "jobs": list(jobs)})
