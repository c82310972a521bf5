"""The history of an emulator, for tests: which commands were called, and which jobs ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from pjm.emulator.machine.folder import Folder


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
    # Here, because setting up an emulator needs no database.
    from pjm.emulator.machine.store import Store

    database = Folder(folder).database
    if not database.exists():
        return []
    with Store(database) as store:
        accepted = [job for job in store.all() if not job.is_parent]
    return [
        Ran(job.id, job.name, job.state, int(job.usage.get("starts", 0)), job.pc, job.ec, job.sn) for job in accepted
    ]
