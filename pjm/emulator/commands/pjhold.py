"""The command pjhold, which holds jobs until pjrls releases them. Source: Command Reference, 36-39."""

from __future__ import annotations

from typing import Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import Option, scan
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job

USAGE = "Usage: pjhold [-R text] [--enforce] [--llio-flush] jobid ..."
KNOWN = {"-R": Option("reason", "value"), **{f"--{name}": Option(name) for name in ("enforce", "llio-flush", "help")}}
WAITING = ("QUE",)
# Not if they may not be restarted.
RUNNING = ("RNA", "RUN")


def run(context: Context, words: Sequence[str]) -> int:
    """Accept holds; the daemon carries them out."""
    given, names = scan(words, KNOWN)
    options = dict(given)
    if "help" in options:
        print(USAGE)
        return 0

    def accept(job: Job) -> str:
        if job.whole_ended is not None:
            raise Refusal("12", job.id)
        running = job.state in RUNNING and not context.store.spec(job).get("norestart")
        if job.state not in WAITING and not running:
            raise Refusal("13", job.id)
        if job.wish:
            return "19"
        job.wish, job.wish_text = "hold", f"{context.user}:{options.get('reason', '')}"
        return "00"

    return job_operations.apply(
        context, "pjhold", names, accept, {"00": "Accepted job {}.", "19": "Already accepted job {}."}
    )
