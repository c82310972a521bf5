"""The command pjwait, which waits for jobs and prints how they ended. Source: Command Reference, 109-113."""

from __future__ import annotations

import sys
import time
from typing import List, Sequence

from pjm.emulator.commands.getopt import Option, asked
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import Wanted, wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job
from pjm.emulator.running import processes

KNOWN = {"-w": Option("wait", "value"), "-z": Option("quiet")}
LOOK = 0.05
# Letters for states in which a job may wait for ever.
LETTERS = {"ERR": "E", "HLD": "H"}


def run(context: Context, words: Sequence[str]) -> int:
    """Wait, then print `jobid PC EC SN` for each job."""
    options, names = asked(words, KNOWN, "pjwait [-w waitany|waitnone] [-z] jobid ...")
    if not names:
        raise Refusal("10")
    if options.get("wait", "waitall") not in ("waitall", "waitany", "waitnone"):
        raise Refusal("04", f"-w {options['wait']}")
    targets = [wanted(name) for name in names]
    while not _enough(_jobs(context, targets), options.get("wait", "waitall")):
        time.sleep(LOOK)
        # If the daemon is killed while we wait, only this process may notice.
        processes.ensure(context.folder, context.store)
    if "quiet" not in options:
        for job in _jobs(context, targets):
            if job.state != "RJT":
                print(_line(job))
    sys.stdout.flush()
    return 0


def _jobs(context: Context, targets: Sequence[Wanted]) -> List[Job]:
    waited_for: List[Job] = []
    for target in targets:
        # A step job with all its sub jobs; a bulk job without its sub jobs.
        jobs = context.store.with_subs(target.jids)
        named = [
            job
            for job in jobs
            if target.names(job)
            or (target.subs is None and job.model == "ST" and target.jids[0] <= job.jid <= target.jids[1])
        ]
        if any(job.user != context.user for job in named):
            raise Refusal("71", f"job {target.word}")
        waited_for += named
    return waited_for


def _enough(jobs: Sequence[Job], wait: str) -> bool:
    waited_for = [job for job in jobs if not job.is_parent or job.model == "BU"]
    ended = [job.has_ended or job.state in LETTERS for job in waited_for]
    return wait == "waitnone" or not ended or all(ended) or (wait == "waitany" and any(ended))


def _line(job: Job) -> str:
    if job.state in LETTERS:
        return f"{job.id} {LETTERS[job.state]} - -"
    if not job.has_ended:
        return f"{job.id} X - -"
    if job.is_parent:
        return f"{job.id} - - -"
    return f"{job.id} {job.pc} {job.ec} {job.sn}"
