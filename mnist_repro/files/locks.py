"""Locks between processes: only one process at a time trains into a folder or changes a baseline.

The system releases a lock when its process ends, for any reason. Child processes do not inherit a lock.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterator

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import require_writable, unwritable, write_text


def try_lock(handle: int) -> bool:
    """Lock an open file or folder, unless another process holds its lock; return whether we hold it now.

    Raises:
        OSError: the file system has no locks, as some NFS servers.
    """
    # Imported here: Windows has no fcntl, and must fail only when something is locked.
    import fcntl

    try:
        # flock(2), because lockf(3) cannot lock a folder.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other trainings out of ``folder`` during the block. Makes it; removes a new one that stays empty.

    The lock is on the folder itself and leaves no file. If the file system has no locks, nothing is locked.

    Raises:
        BadInput: another process trains into ``folder``, or ``folder`` cannot be written.
    """
    require_writable(folder)
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(str(folder), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        try:
            if not try_lock(handle):
                raise BadInput(
                    f"another process is training into {folder}",
                    "the files of two runs would replace each other",
                    "--out another folder, or wait until it has finished",
                )
        except OSError:
            # Another process may be about to write into the folder.
            new = False
        yield
    finally:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        os.close(handle)


@contextlib.contextmanager
def locked(private: Path, name: str) -> Iterator[None]:
    """Hold the lock of a baseline while the block runs.

    Args:
        private: the folder for locks inside the folder of the baselines; made if it is missing. The file of a lock
            stays there after the lock is released.
        name: name of the baseline.

    Raises:
        BadInput: another process holds the lock, or the folder cannot be written.
    """
    require_writable(private)
    file = private / f"{name.replace('/', '~')}.lock"
    try:
        private.mkdir(parents=True, exist_ok=True)
        if not (private / ".gitignore").exists():
            write_text(private / ".gitignore", "*\n")
        handle = os.open(str(file), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise unwritable(private, error) from error
    try:
        if not try_lock(handle):
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            raise BadInput(
                f"process {holder or '(unknown)'} is recording or accepting {name} in {private.parent}",
                "two at once could each undo what the other wrote",
                f"wait until it has finished (ps {holder}), then type the command again",
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
