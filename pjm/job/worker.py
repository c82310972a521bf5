"""The programs of a job: one runs pytest on the tests of a share, the other starts it again after a test that kills it.

`main` reads the assignment from the job's folder and appends events to the share's file.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import socket
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Tuple

import pjm
from pjm.errors import BadInput
from pjm.job import captured_output, events
from pjm.job.assignment import FOLDER, PATH, PYTEST_LOOKS_AT, SHARE, Assignment, read_assignment
from pjm.job.events import BROKEN, SureLog, Tail
from pjm.job.interpreter import Ended, command, own_switches
from pjm.job.rank import LAUNCH, this_rank
from pjm.job.share_events import NO_TESTS, Reading

PASSED, FAILED = 0, 1


def main() -> int:
    """Run the share that the environment names. Return 0 if every test passed, so that dependent steps may run."""
    assignment = read_assignment(Path(os.environ[FOLDER]), int(os.environ[SHARE]))
    assignment.events.parent.mkdir(mode=0o700, exist_ok=True)
    return supervise(assignment)


def supervise(assignment: Assignment) -> int:
    """Run pytest in processes of their own until no test is left, or a process completes no test."""
    tail, reading, log = Tail(assignment.events), Reading(), SureLog(assignment.events)
    reading.take(tail.read())  # the batch system may have started this job before
    program = command([sys.executable], own_switches(), run_tests.__name__)
    while True:
        left = reading.left(assignment.tests)
        if not left:
            break
        if assignment.ranks is None:
            ended = _run_in_one_process(assignment, program)
        else:
            from pjm.job.launch import run_on_ranks

            ended = run_on_ranks(assignment, left, log, program)
        reading.take(tail.read())
        if ended.code == BROKEN:
            return BROKEN
        running = reading.running
        if running is not None:
            how = running.stopped or ended.how
            printed = ended.printed or captured_output.kept(assignment.events.parent, running.phase)
            fields = {"test": running.test, "phase": running.phase, "how": how, "printed": printed}
            log.write(events.CRASH, **fields, time=time.time())
            reading.take(tail.read())
        if len(reading.left(assignment.tests)) == len(left):
            return ended.code or FAILED
        log.write(events.EXIT, code=ended.code, unended=ended.unended)
    captured_output.forget(assignment.events.parent)
    log.write(events.END, time=time.time())
    return PASSED if all(reading.done[test] for test in assignment.tests) else FAILED


def _run_in_one_process(assignment: Assignment, program: Tuple[str, ...]) -> Ended:
    # Not a fork: its end would run the exit handlers of this process, too.
    child = os.posix_spawn(program[0], program, os.environ)
    _, status = os.waitpid(child, 0)
    unended = captured_output.unended(assignment.events.parent)
    if not os.WIFSIGNALED(status):
        code = os.WEXITSTATUS(status)
        return Ended(code, f"exit code {code}", (), unended)
    number = os.WTERMSIG(status)
    how = f"signal {number} ({_signal_name(number)})"
    if number == signal.SIGKILL:
        how += "; SIGKILL usually comes from the kernel (out of memory) or the batch system"
    return Ended(128 + number, how, (), unended)


def run_tests() -> int:
    """Run pytest on the tests that are left, and return its exit code. Then this Python ends as any other."""
    assignment = read_assignment(Path(os.environ.pop(FOLDER)), int(os.environ.pop(SHARE)))
    _tidy_environment(assignment)
    reading, rank = Reading(), None
    reading.take(Tail(assignment.events).read())
    left = reading.left(assignment.tests)
    if assignment.ranks is not None:
        try:
            rank = this_rank(assignment, os.environ)
        except BadInput as error:
            print(f"pjm: {error}", file=sys.stderr)
            return FAILED
        assignment, left = rank.assignment, rank.tests
        os.environ.pop(LAUNCH)  # the tests' own programs are no ranks
        rank.keep_output_apart()
        rank.watch_the_end()
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
    plugin = WorkerPlugin(log, left, assignment, rank)
    text = ""
    try:
        # What a rank prints would be lost with -s.
        more = ["-p", "pytest_pjm", *(["--capture=fd"] if rank is not None else [])]
        code = int(pytest.main([*assignment.arguments, *more], plugins=[plugin]))
    except Exception:  # as `python -m pytest` ends: hooks at the end of the session may raise
        code, text = 1, traceback.format_exc()
        traceback.print_exc()
    if plugin.ran:
        text = text or plugin.trouble
        log.write(events.FINISH, code=code, explained=plugin.explains(code), text=text, output=plugin.output)
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except OSError:  # the results are in the events: a full disk for the output is no end of Python's own
            setattr(sys, name, None)
    _give_up_after(assignment.grace, assignment.events.with_name(captured_output.UNENDED))
    # mpiexec ends all ranks if one ends with another code than 0; the reports have the failures.
    return PASSED if rank is not None and code in (PASSED, FAILED, NO_TESTS) else code


def _give_up_after(seconds: float, path: Path) -> None:
    """End this process if it has not ended after so many seconds, as with a thread that never ends.

    The file then says where the threads are. This works without Python's lock, and while Python is being shut down.
    """
    with contextlib.suppress(OSError):
        # Not closed: it has to be open then.
        file = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        faulthandler.dump_traceback_later(max(seconds, 0.001), exit=True, file=file)


def _import_plugin() -> None:
    """Import the plugin's module, which is beside our package: the import path of the tests may not include it."""
    folder = str(Path(pjm.__file__).resolve().parents[1])
    sys.path.insert(0, folder)
    try:
        import_module("pytest_pjm")
    finally:
        sys.path.remove(folder)


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
