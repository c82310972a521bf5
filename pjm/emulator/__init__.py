"""PJM for one machine: pjsub, pjstat, pjdel and others as real commands, jobs as real processes."""

from pjm.emulator.history import Call, Ran, calls, jobs
from pjm.emulator.machine.folder import environment
from pjm.emulator.running.processes import stop

__all__ = ["Call", "Ran", "calls", "environment", "jobs", "stop"]
