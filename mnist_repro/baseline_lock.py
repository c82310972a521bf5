"""One process at a time records or accepts a rung of a recipe."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterator

from mnist_repro.atomic import require_writable, write_text
from mnist_repro.baseline_files import private_folder
from mnist_repro.errors import BadInput


@contextlib.contextmanager
def locked(folder: Path, recipe: str, rung: str) -> Iterator[None]:
    """Hold the lock of a recipe's rung in the baselines of ``folder`` while the block runs.

    The system lets go of it when the process ends, however it ends; the file stays, and means nothing by itself.

    Raises:
        BadInput: another process holds it, or the folder cannot be written.
    """
    import fcntl

    private = private_folder(folder)
    require_writable(private)
    private.mkdir(parents=True, exist_ok=True)
    if not (private / ".gitignore").exists():
        write_text(private / ".gitignore", "*\n")
    # Not inherited by the workers, which may outlive a killed recording by a moment.
    handle = os.open(str(private / f"{recipe}-{rung}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(
                folder, f"{recipe} {rung}", os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _held(folder: Path, what: str, holder: str) -> BadInput:
    return BadInput(
        f"process {holder or '(unknown)'} is recording or accepting {what} in {folder}",
        "two at once could each undo what the other wrote",
        f"wait until it has finished (ps {holder}), then type the command again",
    )
