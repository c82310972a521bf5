"""The history of an emulator: which commands were called, and which jobs ran.

The journal has one line when a command begins and one when it ends, so that killed commands show too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.store import Store
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


class Call(NamedTuple):
    """A command that was called.

    Attributes:
        command: pjsub, pjstat, ...
        argv: its arguments.
        user: the user who called it.
        time: when it was called, in seconds since the epoch.
        seconds: how long it took; None if it did not end by itself.
        exit: its exit code; None if it did not end by itself.
        faults: the faults that were applied to it.
        jobs: ids of the jobs that it submitted.
    """

    command: str
    argv: Tuple[str, ...]
    user: str
    time: float
    seconds: Optional[float] = None
    exit: Optional[int] = None
    faults: Tuple[str, ...] = ()
    jobs: Tuple[str, ...] = ()


class Ran(NamedTuple):
    """A job, or a sub job, that was accepted.

    Attributes:
        id: the id that the user sees.
        name: the name of the job.
        state: its current state.
        starts: how often its script was started.
        pc: PJM code.
        ec: exit code of its script.
        sn: signal that ended its script; 0 for none.
    """

    id: str
    name: str
    state: str
    starts: int
    pc: int
    ec: int
    sn: int


def calls(folder: Path, command: Optional[str] = None) -> List[Call]:
    """All calls of commands, or of one command, in order.

    Args:
        folder: the emulator's; without an emulator in it, nothing was called.
        command: its name, such as pjsub; None for all.
    """
    by_id: Dict[str, Call] = {}
    journal = Folder(folder).journal
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            # A full disk cut off the line.
            continue
        if record["event"] == "begin":
            by_id[record["call"]] = Call(record["command"], tuple(record["argv"]), record["user"], record["time"])
            continue
        begun = by_id.get(record["call"])
        if begun is None:
            continue
        faults, submitted = tuple(record["faults"]), tuple(record["jobs"])
        ended = begun._replace(seconds=record["seconds"], exit=record["exit"], faults=faults, jobs=submitted)
        by_id[record["call"]] = ended
    return [call for call in by_id.values() if command in (None, call.command)]


def jobs(folder: Path) -> List[Ran]:
    """All jobs ever accepted in an emulator's folder, in order. Bulk and step jobs are shown as their sub jobs."""
    database = Folder(folder).database
    if not database.exists():
        return []
    with Store(database) as store:
        accepted = [job for job in store.all() if not job.is_parent]
    return [
        Ran(job.id, job.name, job.state, int(job.usage.get("starts", 0)), job.pc, job.ec, job.sn) for job in accepted
    ]
