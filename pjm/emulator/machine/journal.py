"""The journal of an emulator: one line when a command begins and one when it ends, so that killed commands show too."""

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
    """Append one line, in one piece even when many processes write."""
    line = json.dumps(record, ensure_ascii=True) + "\n"
    # A full disk must not change what a command answers.
    with contextlib.suppress(OSError):
        handle = os.open(str(path), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One command at a time: a line that a full disk cuts off can be removed only if it is the last one.
            fcntl.flock(handle, fcntl.LOCK_EX)
            drop_torn_line(handle)
            append_whole(handle, line.encode("ascii"))
        finally:
            os.close(handle)


class Entry:
    """The two lines of one command."""

    def __init__(self, path: Path, command: str, words: Sequence[str], user: str) -> None:
        self._path = path
        self._began = time.time()
        self.call = f"{os.getpid()}-{self._began:.6f}"
        begun = {"event": "begin", "call": self.call, "time": self._began, "command": command, "argv": list(words)}
        append(path, {**begun, "user": user})

    def end(self, code: int, faults: Sequence[str], jobs: Sequence[str]) -> None:
        """Write the line for the end: exit code, faults that were applied, ids of submitted jobs."""
        ended = {"event": "end", "call": self.call, "seconds": round(time.time() - self._began, 4), "exit": code}
        append(self._path, {**ended, "faults": list(faults), "jobs": list(jobs)})
