"""The processes of an emulator: its daemon, which any command starts if it is dead, and those of jobs.

Those of a job are found by a mark in their environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from pjm.emulator.machine.folder import START, Folder, root
from pjm.emulator.machine.store import ENDED, Store
from pjm.files import try_lock

MARK = "PJM_EMULATOR_RUN"
PROC = Path("/proc")
PATIENCE = 10.0
LOOK = 0.02


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


def ensure(folder: Folder, store: Store) -> None:
    """Wake the daemon, or start it if it is dead and there is work."""
    folder.ring()
    if is_dead(folder) and store.has_work():
        _start_daemon(folder)


def is_dead(folder: Folder) -> bool:
    """Whether no daemon serves this folder."""
    return not is_locked(folder.lock)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of this file, which may be missing."""
    try:
        handle = os.open(str(path), os.O_RDWR)
    except OSError:
        return False
    try:
        return not try_lock(handle)
    finally:
        os.close(handle)


def stop(folder: Path, patience: float = PATIENCE) -> bool:
    """Delete all jobs of an emulator. Wait, at most ``patience`` seconds, until none of its processes is left.

    Returns:
        Whether no process is left.
    """
    place = Folder(folder.resolve())
    if not place.database.exists():
        return True
    deadline = time.monotonic() + patience
    with Store(place.database) as store:
        while store.unfinished() and time.monotonic() < deadline:
            # Repeatedly, because some jobs cannot be deleted yet (RUNOUT), and others may be submitted meanwhile.
            with store.changing():
                jobs = [job for job in store.unfinished() if not job.is_parent and job.state not in ("RNO", *ENDED)]
                for job in jobs:
                    job.wish = "delete"
                store.put(jobs)
            ensure(place, store)
            time.sleep(LOOK)
    dead = False
    while not dead and time.monotonic() < deadline:
        # Asked to leave, not killed: the process id in its lock file may belong to another process by now.
        while not is_dead(place) and time.monotonic() < deadline:
            place.leave.touch()  # repeatedly: another process that stops the emulator removes the file when it is done
            place.ring()
            time.sleep(LOOK)
        place.leave.unlink(missing_ok=True)
        # A daemon that a command had just started has its lock only now.
        dead = is_dead(place)
    return dead


def _start_daemon(folder: Folder) -> None:
    import subprocess  # here, because few commands start a daemon, and the import takes as long as a small command

    start = START.format(module="pjm.emulator.running.daemon")
    words = [sys.executable, "-I", "-S", "-c", start, root(), str(folder.path)]
    # Not the caller's environment, because jobs get environments of their own.
    clean = {name: os.environ[name] for name in ("PATH", "TZ", "LD_LIBRARY_PATH") if name in os.environ}
    # If it cannot start, the next command tries again.
    with contextlib.suppress(OSError), folder.log.open("ab") as log:
        # The shell starts the daemon and ends at once, so that the daemon is not a child of this process.
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *words],
            cwd=str(folder.path),
            env=clean,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            check=False,
        )
