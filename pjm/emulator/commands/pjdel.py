"""The command pjdel, which deletes jobs. Source: Command Reference, 15-20; Fugaku user guide, Deleting a job."""

from __future__ import annotations

import time
from typing import Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import Option, scan
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job

USAGE = "Usage: pjdel [-R text] [--enforce] [--no-stats] [--no-history] [--llio-flush] jobid ..."
KNOWN = {
    "-R": Option("reason", "value"),
    **{f"--{name}": Option(name) for name in ("enforce", "no-stats", "no-history", "llio-flush", "help")},
}
# States in which a job can be deleted. A parent can also be deleted in RNO.
DELETABLE = ("ACC", "QUE", "RNA", "RUN", "HLD", "ERR", "SPP", "SPD", "RSM")


def run(context: Context, words: Sequence[str]) -> int:
    """Accept deletions; the daemon carries them out."""
    given, names = scan(words, KNOWN)
    options = dict(given)
    if "help" in options:
        print(USAGE)
        return 0

    def accept(job: Job) -> str:
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

    texts = {"00": "Accepted job {}.", "19": "Already accepted job {}."}
    return job_operations.apply(context, "pjdel", names, accept, texts)
