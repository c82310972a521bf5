"""The command pjdel, which deletes jobs. Source: Command Reference, 15-20; Fugaku user guide, Deleting a job."""

from __future__ import annotations

import time
from typing import Mapping, Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import VALUE, Option
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job

KNOWN = {
    "-R": Option("reason", VALUE),
    **{f"--{name}": Option(name) for name in ("enforce", "no-stats", "no-history", "llio-flush")},
}
# States in which a job can be deleted. A parent can also be deleted in RNO.
DELETABLE = ("ACC", "QUE", "RNA", "RUN", "HLD", "ERR", "SPP", "SPD", "RSM")


def run(context: Context, words: Sequence[str]) -> int:
    """Accept deletions; the daemon carries them out."""
    return job_operations.run(context, "pjdel", words, KNOWN, _delete)


def _delete(_: Context, job: Job, options: Mapping[str, str]) -> str:
    if job.whole_ended is not None and job.whole_ended + job.linger <= time.time():
        raise Refusal("12", job.id)
    if job.state not in DELETABLE and not (job.is_parent and job.state == "RNO"):
        raise Refusal("13", job.id)
    if job.wish == "delete":
        return "19"
    job.wish, job.wish_text = "delete", options.get("reason", "")
    job.deleted = time.time()
    job.usage.update({name: True for name in ("no-stats", "no-history") if name in options})
    return "00"
