"""The program of a job: runs pytest on the tests of a share, and starts it again after a test that kills the process.

`main` reads the assignment from the job's folder and appends events to the share's file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import List

import pjm
from pjm.job import captured_output, events
from pjm.job.assignment import FOLDER, PATH, PYTEST_LOOKS_AT, SHARE, Assignment, read_assignment
from pjm.job.events import BROKEN, SureLog, Tail
from pjm.job.share_events import Reading, TestEvents

PASSED, FAILED = 0, 1


def main() -> int:
    """Run the share that the environment names. Return 0 if every test passed, so that dependent steps may run."""
    folder, number = Path(os.environ.pop(FOLDER)), int(os.environ.pop(SHARE))
    assignment = read_assignment(folder, number)
    assignment.events.parent.mkdir(mode=0o700, exist_ok=True)
    _tidy_environment(assignment)
    return supervise(assignment)


def supervise(assignment: Assignment) -> int:
    """Run pytest in child processes until no test is left, or a child completes no test."""
    tail, reading = Tail(assignment.events), Reading()
    reading.take(tail.read())  # the batch system may have started this job before
    while True:
        left = reading.left(assignment.tests)
        if not left:
            break
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            os._exit(_run_pytest(assignment, left))
        _, status = os.waitpid(child, 0)
        reading.take(tail.read())
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
            return BROKEN
        if reading.running is not None:
            _note_crash(assignment, reading.running, status)
            reading.take(tail.read())
        if len(reading.left(assignment.tests)) == len(left):
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status) or FAILED
    captured_output.forget(assignment.events.parent)
    SureLog(assignment.events).write(events.END, time=time.time())
    return PASSED if all(reading.done[test] for test in assignment.tests) else FAILED


def _run_pytest(assignment: Assignment, left: List[str]) -> int:
    """Run pytest in the child process, and return its exit code."""
    import pytest

    from pjm.job.worker_plugin import WorkerPlugin

    log = SureLog(assignment.events)
    log.write(
        events.BEGIN,
        time=time.time(),
        python=sys.version.split()[0],
        pytest=pytest.__version__,
        host=socket.gethostname(),
        process=os.getpid(),
    )
    captured_output.keep(assignment.events.parent)
    _import_plugin()
    arguments = [*assignment.arguments, "-p", "pytest_pjm"]
    code = int(pytest.main(arguments, plugins=[WorkerPlugin(log, left, assignment)]))
    with contextlib.suppress(OSError):  # the results are in the events, not in the output
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _import_plugin() -> None:
    """Import the plugin's module, which is beside our package: the import path of the tests may not include it."""
    folder = str(Path(pjm.__file__).resolve().parents[1])
    sys.path.insert(0, folder)
    try:
        import_module("pytest_pjm")
    finally:
        sys.path.remove(folder)


def _note_crash(assignment: Assignment, running: TestEvents, status: int) -> None:
    """Write the event that names the test that took the process down, and how."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        how = f"signal {number} ({_signal_name(number)})"
        if number == signal.SIGKILL:
            how += "; SIGKILL usually comes from the kernel (out of memory) or the batch system"
    else:
        how = running.stopped or f"exit code {os.WEXITSTATUS(status)}"
    printed = captured_output.kept(assignment.events.parent, running.phase)
    SureLog(assignment.events).write(
        events.CRASH, test=running.test, phase=running.phase, how=how, printed=printed, time=time.time()
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "which has no name"


def _tidy_environment(assignment: Assignment) -> None:
    """Restore the environment and the import path that the tests would have without this program."""
    ours = os.environ.pop(PATH, None)
    if ours is not None:
        words = [word for word in os.environ.get("PYTHONPATH", "").split(os.pathsep) if word and word != ours]
        os.environ["PYTHONPATH"] = os.pathsep.join(words)
        if not words:
            del os.environ["PYTHONPATH"]
        sys.path[:] = [entry for entry in sys.path if entry != ours]
    here = str(Path.cwd())
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here)]
    if assignment.path:
        sys.path.insert(0, here)
    for name in PYTEST_LOOKS_AT:
        os.environ.pop(name, None)
    os.environ.update(assignment.environment)
