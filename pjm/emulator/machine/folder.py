"""The emulator's folder: the files in it, and how it is created."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import Dict, Mapping, Optional

from pjm.emulator.machine.faults import checked as checked_rules
from pjm.emulator.machine.faults import read as read_rules
from pjm.emulator.machine.settings import read as read_settings
from pjm.emulator.machine.settings import write as write_settings
from pjm.emulator.machine.store import Store
from pjm.errors import BadInput
from pjm.files import system_bytes, write_whole

COMMANDS = ("pjsub", "pjstat", "pjdel", "pjhold", "pjrls", "pjwait", "pjsig", "pjacl", "pjshowrsc")
# The most bytes of a database's path: SQLite appends up to 8 bytes ("-journal") and accepts 512.
LONGEST = 504
# Isolated (-I) and without site packages (-S): starts quickly, and neither PYTHONPATH nor a module in the user's folder
# with the name of a standard module can interfere.
START = "import sys; sys.path.append(sys.argv[1]); from {module} import main; main(*sys.argv[2:])"


class Folder:
    """The folder of an emulator. Its mode is 0700, because a user who may write to it can run commands as its owner.

    Attributes:
        path: the folder; the others are in it.
        commands: the commands, for PATH.
        database: the jobs.
        settings: see `pjm.emulator.machine.settings`.
        faults: see `pjm.emulator.machine.faults`; may be missing.
        journal: all called commands.
        spool: scripts, as they were submitted.
        runs: one folder per start of a job.
        lock: the lock file of the daemon.
        leave: a file: while it exists, a daemon without work ends at once.
        bell: a named pipe: a byte in it wakes the daemon.
        log: the daemon's errors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands, self.spool, self.runs = path / "bin", path / "spool", path / "runs"
        self.database = path / "jobs.sqlite"
        self.settings, self.faults, self.journal = path / "emulator.json", path / "faults.json", path / "journal.jsonl"
        self.lock, self.leave, self.bell = path / "daemon.lock", path / "leave", path / "bell"
        self.log = path / "daemon.log"

    def ring(self) -> None:
        """Wake the daemon; does nothing if the daemon is dead."""
        with contextlib.suppress(OSError):
            handle = os.open(str(self.bell), os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(handle, b"!")
            finally:
                os.close(handle)


def environment(
    folder: Path,
    nodes: Optional[int] = None,
    settings: Optional[Mapping[str, object]] = None,
    faults: Optional[object] = None,
) -> Dict[str, str]:
    """Create an emulator in ``folder``, or reuse the one in it, and return the variables for its users.

    Args:
        folder: created, private to its owner, if it does not exist; holds everything, jobs included.
        nodes: number of nodes, that is, how many jobs of one node run at once; None keeps the current number, 4 for a
            new emulator.
        settings: other values of `pjm.emulator.machine.settings.Settings`, by name.
        faults: faults on demand, see `docs/reference/emulator.md`; None keeps the current ones.

    Returns:
        Variables for processes that use the emulator, which are PATH with its commands first, and PJM_EMULATOR.

    Raises:
        BadInput: other users may write to the folder, it cannot be written, its path is too long, another version has
            written its jobs, or a setting or fault is invalid.
    """
    try:
        emulator = _create(folder, nodes, settings, faults)
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be an emulator's folder", f"{error.strerror}: {error.filename}", "name another folder"
        ) from error
    path = os.pathsep.join([str(emulator.commands), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "PJM_EMULATOR": str(emulator.path)}


def _create(
    folder: Path, nodes: Optional[int], settings: Optional[Mapping[str, object]], faults: Optional[object]
) -> Folder:
    emulator = _private(folder)
    _check_jobs(emulator)
    counted = {} if nodes is None else {"nodes": nodes}
    write_settings(emulator.settings, {**counted, **(settings or {})})
    if faults is not None:
        checked_rules(faults, str(emulator.faults))
        emulator.faults.write_text(json.dumps(faults, indent=1), encoding="utf-8")
    # Here, because a client takes the refusal of a command for an answer that was lost.
    read_settings(emulator.settings, os.environ)
    read_rules(emulator.faults, os.environ)
    for inner in (emulator.commands, emulator.spool, emulator.runs):
        inner.mkdir(mode=0o700, exist_ok=True)
    if not emulator.bell.exists():
        with contextlib.suppress(FileExistsError):
            os.mkfifo(str(emulator.bell), 0o600)
    for command in COMMANDS:
        _write_command(emulator, command)
    return emulator


def _private(folder: Path) -> Folder:
    _check_length(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.getuid():
        raise BadInput(
            f"{folder} cannot be an emulator's folder",
            "other users who may write there can run commands as you: expected mode 700 and you as its owner, found "
            f"mode {stat.S_IMODE(status.st_mode):o} and owner {status.st_uid}",
            f"name another folder, or type: chmod 700 {shlex.quote(str(folder))}"
            if status.st_uid == os.getuid()
            else "name another folder",
        )
    return Folder(folder.resolve())


def _check_jobs(emulator: Folder) -> None:
    """Refuse the jobs of another version."""
    if emulator.database.exists():
        import sqlite3  # here, as in the store

        with contextlib.suppress(sqlite3.Error):  # the commands report these
            Store(emulator.database).close()


def _check_length(folder: Path) -> None:
    longest = LONGEST - len(f"/{Folder(folder).database.name}")
    length = len(os.fsencode(folder.resolve()))
    if length > longest:
        raise BadInput(
            f"{folder} cannot be an emulator's folder",
            f"its path has {length} bytes, and SQLite, which keeps the jobs, takes no more than {longest} here",
            "name a shorter one: --fugaku-workdir=DIR for pytest, --dir DIR for pjm emulator run",
        )


def root() -> str:
    """The folder that holds the package pjm."""
    return str(Path(__file__).resolve().parents[3])


def _write_command(folder: Folder, command: str) -> None:
    start = START.format(module="pjm.emulator.commands.entry")
    words = [sys.executable, "-I", "-S", "-c", start, root(), str(folder.path), command]
    text = f'#!/bin/sh\nexec {" ".join(shlex.quote(word) for word in words)} "$@"\n'
    target = folder.commands / command
    if not target.exists() or target.read_bytes() != system_bytes(text):
        # Replaced in one step, because another client may be calling the command at this moment.
        write_whole(target, text, lasting=False, mode=0o700)
