"""What an emulator was asked and what it ran, for tests that count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from pjm.emulator.machine.folder import Folder


@dataclass(frozen=True)
class Call:
    """A command that was called.

    Attributes:
        command: pjsub, pjstat, ...
        argv: its arguments.
        user: who called it.
        time: when, in seconds since the epoch.
        seconds: how long it took; None if it never came to its end.
        exit: its exit code; None if it never came to its end.
        faults: those that hit it.
        jobs: ids that it submitted.
    """

    command: str
    argv: Tuple[str, ...]
    user: str
    time: float
    seconds: Optional[float] = None
    exit: Optional[int] = None
    faults: Tuple[str, ...] = ()
    jobs: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A job, or a sub job, that was accepted.

    Attributes:
        id: as its user knows it.
        name: of the job.
        state: its present one.
        starts: how often its script was started.
        pc, ec, sn: PJM code, exit code, signal.
    """

    id: str
    name: str
    state: str
    starts: int
    pc: int
    ec: int
    sn: int


def calls(folder: Path, command: Optional[str] = None) -> List[Call]:
    """All commands that were called, or those of one name, in order."""
    found: Dict[str, Call] = {}
    journal = Folder(folder).journal
    lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            # What a full disk has left of it.
            continue
        if record["event"] == "begin":
            found[record["call"]] = Call(record["command"], tuple(record["argv"]), record["user"], record["time"])
            continue
        begun = found.get(record["call"])
        if begun is None:
            continue
        found[record["call"]] = Call(
            begun.command,
            begun.argv,
            begun.user,
            begun.time,
            record["seconds"],
            record["exit"],
            tuple(record["faults"]),
            tuple(record["jobs"]),
        )
    return [call for call in found.values() if command in (None, call.command)]


def jobs(folder: Path) -> List[Ran]:
    """All jobs ever accepted, in order: normal jobs and sub jobs, not those that only stand for sub jobs."""
    # Here, because whoever only sets an emulator up needs no database.
    from pjm.emulator.machine.store import Store

    database = Folder(folder).database
    if not database.exists():
        return []
    with Store(database) as store:
        found = [job for job in store.select("1") if not job.is_parent]
    return [
        Ran(job.id, job.name, job.st, int(str(job.usage.get("starts", 0))), job.pc, job.ec, job.sn) for job in found
    ]
