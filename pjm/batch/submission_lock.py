"""Whether a submission may still be under way: the command that submits outlives a client that is killed.

A file in the job's folder is locked as long as any process has it open, and the command inherits it open.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Iterator

from pjm.batch.scheduler import LONGEST_SUBMISSION
from pjm.files import try_lock

LOCK = "submitting.lock"


@contextlib.contextmanager
def begin(folder: Path, now: float) -> Iterator[int]:
    """Note that a submission begins, and give the open file that the command which submits has to inherit.

    Args:
        folder: of the job.
        now: seconds since the epoch.

    Raises:
        OSError: the file cannot be written.
    """
    handle = os.open(str(folder / LOCK), os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        host = os.uname().nodename
        try:
            try_lock(handle)
        except OSError:
            host = ""  # there is no locking here: only the time can tell
        os.write(handle, json.dumps({"host": host, "time": now}).encode("ascii"))
        os.fsync(handle)
        yield handle
    finally:
        os.close(handle)


def lasts(folder: Path, now: float) -> bool:
    """Whether the last submission from this folder may still be under way.

    Another machine's lock is not seen on every shared file system: what began there counts for `LONGEST_SUBMISSION`.
    """
    try:
        handle = os.open(str(folder / LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        with contextlib.suppress(OSError):
            if not try_lock(handle):
                return True
        begun = json.loads(os.pread(handle, 1000, 0))
        return bool(begun["host"] != os.uname().nodename and now < begun["time"] + LONGEST_SUBMISSION)
    except ValueError:
        return False  # it is written before the command starts
    finally:
        os.close(handle)
