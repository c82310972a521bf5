"""The end of an emulator: its jobs deleted, its processes gone."""

from __future__ import annotations

import time
from pathlib import Path

from pjm.emulator.machine.folder import Folder

PATIENCE = 10.0
LOOK = 0.02


def stop(folder: Path, patience: float = PATIENCE) -> bool:
    """Delete all jobs of an emulator and wait, at most ``patience`` seconds, until no process of it is left.

    Returns:
        Whether none is left.
    """
    # Here, because `import pjm.emulator` does without a database.
    from pjm.emulator.machine.store import Store
    from pjm.emulator.running import alive

    place = Folder(folder.resolve())
    if not place.database.exists():
        return True
    deadline = time.monotonic() + patience
    with Store(place.database) as store:
        while store.count("over IS NULL") and time.monotonic() < deadline:
            # Again and again: a job may have been running out, or have been submitted just now.
            with store.changing():
                unfinished = store.select("over IS NULL AND st NOT IN ('RNO', 'EXT', 'CCL', 'RJT')")
                jobs = [job for job in unfinished if not job.is_parent]
                for job in jobs:
                    job.wish = "delete"
                store.put(jobs)
            alive.ensure(place, store)
            time.sleep(LOOK)
    # Asked, not killed: between the lock and the number in it another process could have that number.
    while not alive.is_dead(place) and time.monotonic() < deadline:
        place.leave.touch()  # again and again: another one that stops it takes this away when it is done
        place.ring()
        time.sleep(LOOK)
    place.leave.unlink(missing_ok=True)
    return alive.is_dead(place)
