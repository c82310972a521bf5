"""The command pjrls, which releases held jobs. Source: Command Reference, 39-41."""

from __future__ import annotations

import time
from typing import Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import Option, scan
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job
from pjm.emulator.running import states

USAGE = "Usage: pjrls jobid ..."
KNOWN = {"--help": Option("help")}


def run(context: Context, words: Sequence[str]) -> int:
    """Release held jobs."""
    given, names = scan(words, KNOWN)
    if given:
        print(USAGE)
        return 0

    def release(job: Job) -> str:
        if job.whole_ended is not None:
            raise Refusal("12", job.id)
        if job.state != "HLD":
            raise Refusal("13", job.id)
        job.move("QUE")
        job.pc, job.wish, job.wish_text = 0, "", ""
        job.started = job.planned = None
        context.store.put([job])
        states.update_parent(context.store, job, time.time())
        return "00"

    return job_operations.apply(context, "pjrls", names, release, {"00": "Job {} released."})
