"""Starts the daemon if it is dead and there is work, so that any command revives a killed emulator."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from pjm.emulator.machine.folder import START, Folder, root
from pjm.emulator.machine.store import Store
from pjm.files import try_lock


def ensure(folder: Folder, store: Store) -> None:
    """Wake the daemon, or start it if it is dead and there is work."""
    folder.ring()
    if not is_dead(folder) or not store.has_work():
        return
    child = os.fork()
    if child:
        # The child starts the daemon and ends at once, so that the daemon is not a child of this process.
        os.waitpid(child, 0)
        return
    _become_daemon(folder)


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


def _become_daemon(folder: Folder) -> NoReturn:
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir(str(folder.path))
        nothing = os.open(os.devnull, os.O_RDWR)
        log = os.open(str(folder.log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.dup2(log, 2)
        # A reader of the command's output, or of an inherited lock, must not have to wait for the daemon's end.
        for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
            if number > 2:
                with contextlib.suppress(OSError):  # the handle of the listing itself is closed already
                    os.close(number)
        start = START.format(module="pjm.emulator.running.daemon")
        words = [sys.executable, "-I", "-S", "-c", start, root(), str(folder.path)]
        # Not the caller's environment, because jobs get environments of their own.
        clean = {name: os.environ[name] for name in ("PATH", "TZ", "LD_LIBRARY_PATH") if name in os.environ}
        os.execve(sys.executable, words, clean)  # noqa: S606 - no shell, and the words are ours
    finally:
        os._exit(1)
