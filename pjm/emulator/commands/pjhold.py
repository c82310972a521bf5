"""The command pjhold, which holds jobs until pjrls releases them. Source: Command Reference, 36-39."""

from __future__ import annotations

from typing import Mapping, Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import VALUE, Option
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.store import Job

KNOWN = {"-R": Option("reason", VALUE), **{f"--{name}": Option(name) for name in ("enforce", "llio-flush")}}


def run(context: Context, words: Sequence[str]) -> int:
    """Accept holds; the daemon carries them out."""
    return job_operations.run(context, "pjhold", words, KNOWN, _hold)


def _hold(context: Context, job: Job, options: Mapping[str, str]) -> str:
    # Running jobs only if they may be restarted.
    running = () if context.store.spec(job).get("norestart") else ("RNA", "RUN")
    job_operations.require_state(job, "QUE", *running)
    if job.wish:
        return "19"
    job.wish, job.wish_text = "hold", f"{context.user}:{options.get('reason', '')}"
    return "00"
