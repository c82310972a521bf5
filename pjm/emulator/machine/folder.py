"""The emulator's folder: what lies where in it, and the making of it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Optional

from pjm.emulator.machine import fault_rules as rules
from pjm.emulator.machine import settings as settings_file
from pjm.errors import BadInput
from pjm.files import system_bytes, write_whole

COMMANDS = ("pjsub", "pjstat", "pjdel", "pjhold", "pjrls", "pjwait")
# Bytes of a path of SQLite's, which puts up to 8 behind it ("-journal") and counts to 512.
LONGEST = 504
# Isolated (-I) and without site packages (-S): quick, and neither PYTHONPATH nor a module in the user's folder that is
# named like one of Python's can come in between.
START = "import sys; sys.path.append(sys.argv[1]); from {module} import main; main(*sys.argv[2:])"


@dataclass(frozen=True)
class Folder:
    """Where an emulator keeps all it knows. Whoever may write here can run commands as its owner: mode 0700."""

    path: Path

    @property
    def commands(self) -> Path:
        """What goes on PATH."""
        return self.path / "bin"

    @property
    def database(self) -> Path:
        """The jobs."""
        return self.path / "jobs.sqlite"

    @property
    def settings(self) -> Path:
        """See `pjm.emulator.machine.settings`."""
        return self.path / "emulator.json"

    @property
    def faults(self) -> Path:
        """What shall go wrong; there need not be one."""
        return self.path / "faults.json"

    @property
    def journal(self) -> Path:
        """Every command that was called."""
        return self.path / "journal.jsonl"

    @property
    def spool(self) -> Path:
        """The scripts, as they were when they were submitted."""
        return self.path / "spool"

    @property
    def runs(self) -> Path:
        """One folder per start of a job."""
        return self.path / "runs"

    @property
    def lock(self) -> Path:
        """Held by the daemon."""
        return self.path / "daemon.lock"

    @property
    def leave(self) -> Path:
        """While it is there, a daemon without work goes at once."""
        return self.path / "leave"

    @property
    def bell(self) -> Path:
        """A named pipe: a byte in it makes the daemon look."""
        return self.path / "bell"

    @property
    def log(self) -> Path:
        """What the daemon has to complain of."""
        return self.path / "daemon.log"

    def ring(self) -> None:
        """Make the daemon look; if it is dead nobody hears it."""
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
    """Make an emulator in ``folder``, or come back to the one that is there, and say how to reach it.

    Args:
        folder: made if it is not there, private to its owner; keeps everything, jobs included.
        nodes: how many nodes it has, that is, how many jobs of one node run at once; None leaves what is there, and is
            4 for a new one.
        settings: others of `pjm.emulator.machine.settings.Settings`, by name.
        faults: what shall go wrong, as `docs/reference/emulator.md` has it; None leaves what is there.

    Returns:
        Variables to set for processes that shall see the emulator: PATH with its commands first, PJM_EMULATOR.

    Raises:
        BadInput: the folder is open to others, cannot be written or has too long a path, or a setting makes no sense.
    """
    try:
        made = _made(folder, nodes, settings, faults)
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be an emulator's folder", f"{error.strerror}: {error.filename}", "name another folder"
        ) from error
    path = os.pathsep.join([str(made.commands), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "PJM_EMULATOR": str(made.path)}


def _made(
    folder: Path, nodes: Optional[int], settings: Optional[Mapping[str, object]], faults: Optional[object]
) -> Folder:
    made = _private(folder)
    counted = {} if nodes is None else {"nodes": nodes}
    settings_file.write(made.settings, {**counted, **(settings or {})})
    if faults is not None:
        rules.checked(faults, str(made.faults))
        made.faults.write_text(json.dumps(faults, indent=1), encoding="utf-8")
    for inner in (made.commands, made.spool, made.runs):
        inner.mkdir(mode=0o700, exist_ok=True)
    if not made.bell.exists():
        with contextlib.suppress(FileExistsError):
            os.mkfifo(str(made.bell), 0o600)
    for command in COMMANDS:
        _write_command(made, command)
    return made


def _private(folder: Path) -> Folder:
    _check_length(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.getuid():
        raise BadInput(
            f"{folder} cannot be an emulator's folder",
            f"whoever may write there can run commands as you: expected mode 700 and you as its owner, found mode "
            f"{stat.S_IMODE(found.st_mode):o} and owner {found.st_uid}",
            f"name another folder, or type: chmod 700 {shlex.quote(str(folder))}",
        )
    return Folder(folder.resolve())


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
        # Whole: another client may be calling it at this moment.
        write_whole(target, text, lasting=False, mode=0o700)
