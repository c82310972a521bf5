"""Starts the daemon if it is dead and there is work, so that any command revives a killed emulator."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from pjm.emulator.machine.folder import START, Folder, root
from pjm.emulator.machine.store import Store
from pjm.files import try_lock


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
