"""One process at a time trains into a folder, so that its files are all of one run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterator

from mnist_repro.atomic import require_writable
from mnist_repro.errors import BadInput


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other trainings out of ``folder`` while the block runs; it is made, and goes again if it stays empty.

    The lock is on the folder itself and leaves no file. Where a file system has no locks, such as some NFS, there is
    none.

    Raises:
        BadInput: another process trains into it, or it cannot be written.
    """
    import fcntl

    require_writable(folder)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(str(folder), os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                f"another process is training into {folder}",
                "the files of two runs would replace each other",
                "--out another folder, or wait until it has finished",
            ) from error
        except OSError:
            # Somebody else may be about to write into it.
            new = False
        yield
    finally:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        os.close(handle)
