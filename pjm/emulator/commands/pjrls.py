"""The command pjrls, which releases held jobs. Source: Command Reference, 39-41."""

from __future__ import annotations

import time
from typing import Mapping, Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.store import Job
from pjm.emulator.running import states


def run(context: Context, words: Sequence[str]) -> int:
    """Release held jobs."""
    return job_operations.run(context, "pjrls", words, {}, _release)


def _release(context: Context, job: Job, _: Mapping[str, str]) -> str:
    job_operations.require_state(job, "HLD")
    job.move("QUE")
    now = time.time()
    since = float(job.usage.pop("held-since", now))
    job.usage["held"] = float(job.usage.get("held", 0.0)) + now - since
    job.pc, job.wish, job.wish_text = 0, "", ""
    job.started = job.planned = None
    context.store.put([job])
    states.update_parent(context.store, job, now)
    return "00"
