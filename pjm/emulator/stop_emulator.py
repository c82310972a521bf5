"""Stops an emulator: deletes its jobs, and waits until its processes have ended."""

from __future__ import annotations

import time
from pathlib import Path

from pjm.emulator.machine.folder import Folder

PATIENCE = 10.0
LOOK = 0.02


def stop(folder: Path, patience: float = PATIENCE) -> bool:
    """Delete all jobs of an emulator. Wait, at most ``patience`` seconds, until none of its processes is left.

    Returns:
        Whether no process is left.
    """
    # Here, because `import pjm.emulator` needs no database.
    from pjm.emulator.machine.store import ENDED, Store
    from pjm.emulator.running import alive

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
            alive.ensure(place, store)
            time.sleep(LOOK)
    dead = False
    while not dead and time.monotonic() < deadline:
        # Asked to leave, not killed: the process id in its lock file may belong to another process by now.
        while not alive.is_dead(place) and time.monotonic() < deadline:
            place.leave.touch()  # repeatedly: another process that stops the emulator removes the file when it is done
            place.ring()
            time.sleep(LOOK)
        place.leave.unlink(missing_ok=True)
        # A daemon that a command had just started has its lock only now.
        dead = alive.is_dead(place)
    return dead
