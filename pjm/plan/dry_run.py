"""The work of `--fugaku-dry-run`: writes the job scripts, and lists what would be submitted."""

from __future__ import annotations

import os
from typing import Iterator, Optional, Sequence

from pjm.batch.scheduler import Scheduler
from pjm.counted import counted
from pjm.elapse import elapse_text
from pjm.plan.job_folder import Workplace, script_names, write_job
from pjm.plan.packing import Job
from pjm.sessions.session import Session


def printable(text: object) -> str:
    """A text that any terminal can show: bytes that are no characters are written as escapes."""
    return str(text).encode("utf-8", "backslashreplace").decode("utf-8")


def dry_run(
    session: Session, jobs: Sequence[Job], place: Workplace, scheduler: Scheduler, budget: Optional[float]
) -> Iterator[str]:
    """Write all scripts. Yield the lines that describe what would be submitted."""
    with session.writing(dry=True):
        for job in jobs:
            write_job(session, job, place, scheduler, retry=False)
    for job in jobs:
        resources = job.shares[0].resources
        kind = "step job" if job.step else f"bulk job of {len(job.shares)}" if job.bulk else "job"
        asks = f"{counted(resources.nodes, 'node')}, elapse {elapse_text(resources.elapse)}"
        yield f"{job.name}: {kind}, {counted(len(job.nodeids), 'test')}, {asks}, {job.node_hours:.2f} node-hours"
        for number, share in enumerate(job.shares):
            needs = f", after {', '.join(map(str, share.needs))}" if share.needs else ""
            takes = f"{share.untimed} of {len(share.nodeids)} tests not timed yet" if share.untimed else ""
            takes = takes or f"about {elapse_text(share.expected)}"
            label = f"step {number}" if job.step else f"sub job {number}" if job.bulk else "runs"
            yield f"  {label} ({takes}{needs}):"
            for nodeid in share.nodeids:
                yield f"    {nodeid}"
        for name in script_names(job):
            path = session.job_folder(job.name) / name
            yield f"  {printable(path)}:"
            for line in os.fsdecode(path.read_bytes()).split("\n")[:-1]:
                yield f"    | {printable(line)}"
    total = sum(job.node_hours for job in jobs)
    amount = f"{counted(len(jobs), 'job')}, {counted(sum(len(job.nodeids) for job in jobs), 'test')}"
    over = f", more than --fugaku-budget {budget:g} allows" if budget is not None and total > budget else ""
    yield f"dry run: {amount}, {total:.2f} node-hours at most{over}; nothing was submitted"
