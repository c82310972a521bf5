"""The command pjsig, which sends a signal to running jobs. Source: Command Reference, 62-66."""

from __future__ import annotations

import signal
from typing import Mapping, Sequence

from pjm.emulator.commands import job_operations
from pjm.emulator.commands.getopt import VALUE, Option
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import Job
from pjm.emulator.running import processes

KNOWN = {"-s": Option("signal", VALUE)}


def run(context: Context, words: Sequence[str]) -> int:
    """Send a signal to all processes of each job, at once."""
    return job_operations.run(context, "pjsig", words, KNOWN, _send, _number)


def _send(context: Context, job: Job, options: Mapping[str, str]) -> str:
    job_operations.require_state(job, "RUN")
    started = processes.read(context.folder.runs / job.run / "started.json")
    if not started or "group" not in started:  # its script is about to start, or could not be started
        raise Refusal("13", job.id)
    processes.send(processes.mark(context.folder.path, job.run), started["group"], _number(options))
    return "00"


def _number(options: Mapping[str, str]) -> int:
    text = options.get("signal", "")
    if not text:
        raise Refusal("02")
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= 64:
        return int(text)
    names = {name: number for number in signal.Signals for name in (number.name, number.name[3:])}
    if text.upper() not in names:
        raise Refusal("04", f"-s {text}")
    return names[text.upper()]
