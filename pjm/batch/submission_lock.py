"""A lock that shows whether a submission is still under way, even if the client that began it was killed.

A file in the job's folder is locked as long as any process has it open, and the submitting command inherits it open.
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
    """Note that a submission begins. Yield the open file that the submitting command has to inherit.

    Args:
        folder: the folder of the job.
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
            host = ""  # files cannot be locked here: only the time can tell
        os.write(handle, json.dumps({"host": host, "time": now}).encode("ascii"))
        os.fsync(handle)
        yield handle
    finally:
        os.close(handle)


def lasts(folder: Path, now: float) -> bool:
    """Whether the last submission from this folder may still be under way.

    Not every shared file system shows the locks of other machines. A submission that began on another machine is
    therefore taken to last for `LONGEST_SUBMISSION`.
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
        return False  # the file is written before the command starts
    finally:
        os.close(handle)
