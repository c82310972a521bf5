"""What runs in a job: pytest on the tests of one share, again after each test that took the whole process down.

`main` reads what to do from the job's folder and appends what happens to the share's events.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, List, NoReturn, Tuple

import pjm
from pjm import captured, events
from pjm.atomic import system_bytes
from pjm.events import EventLog, Tail
from pjm.finished import Finished

FOLDER = "PYTEST_PJM_FOLDER"
SHARE = "PYTEST_PJM_SHARE"
PATH = "PYTEST_PJM_PATH"  # where our package was found for this job only; not for the tests
PLAN = "job.json"
EVENTS = "events.jsonl"
# What pytest looks at besides its arguments: as it was at the client, so that a job's tests run as there.
PYTEST_LOOKS_AT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "CI", "BUILD_NUMBER")

PASSED, FAILED = 0, 1
BROKEN = 74  # the results cannot be written; the number is sysexits.h's for an error of input or output


@dataclass(frozen=True)
class Assignment:
    """What one share has to do.

    Attributes:
        tests: node ids in order.
        files: where the tests are, in order.
        arguments: pytest's, as they were given to the client.
        artifacts: folder that the tests of a session share.
        events: file of this share's events.
        environment: variables that pytest looks at before it looks at its arguments: the client's, or the mark's.
        path: whether the folder in which pytest starts is to be on the import path, as it was at the client.
        junit: the family of the client's junit file; if it writes none, one that takes all.
    """

    tests: Tuple[str, ...]
    files: Tuple[str, ...]
    arguments: Tuple[str, ...]
    artifacts: Path
    events: Path
    environment: Dict[str, str]
    path: bool
    junit: str


def share_folder(folder: Path, number: int) -> Path:
    """Where the events of a share are."""
    return folder / f"share-{number}"


def read_assignment(folder: Path, number: int) -> Assignment:
    """What is written in the job's folder for one share."""
    plan: Dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    share = plan["shares"][number]
    asked = {name: text for name, text in share["resources"]["env"] if name in PYTEST_LOOKS_AT}
    return Assignment(
        tests=tuple(share["tests"]),
        files=tuple(map(_as_here, share["files"])),
        arguments=tuple(map(_as_here, plan["worker"]["arguments"])),
        artifacts=Path(_as_here(plan["worker"]["artifacts"])),
        events=share_folder(folder, number) / EVENTS,
        environment={**plan["worker"]["environment"], **asked},
        path=bool(plan["worker"]["path"]),
        junit=str(plan["worker"]["junit"]),
    )


def _as_here(name: str) -> str:
    """A name as this process has it, whose locale need not be the client's: the bytes are the same."""
    return os.fsdecode(system_bytes(name))


def main() -> int:
    """Run the share that the environment names; 0 if every test passed, so that the steps after it may run."""
    folder, number = Path(os.environ.pop(FOLDER)), int(os.environ.pop(SHARE))
    assignment = read_assignment(folder, number)
    assignment.events.parent.mkdir(mode=0o700, exist_ok=True)
    _tidy_environment(assignment)
    return supervise(assignment)


def supervise(assignment: Assignment) -> int:
    """Run pytest in a child process until no test is left or none gets further."""
    tail, state = Tail(assignment.events), Finished()
    state.take(tail.read())  # the batch system may have started this job before
    while True:
        left = state.left(assignment.tests)
        if not left:
            break
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            os._exit(_run_pytest(assignment, left))
        _, status = os.waitpid(child, 0)
        state.take(tail.read())
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
            return BROKEN
        if state.running is not None:
            _note_crash(assignment, state, status)
            state.take(tail.read())
        if len(state.left(assignment.tests)) == len(left):
            return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status) or FAILED
    captured.forget(assignment.events.parent)
    SureLog(assignment.events).write(events.END, time=time.time())
    return PASSED if all(state.done[test] for test in assignment.tests) else FAILED


class SureLog:
    """A log whose process ends if it cannot be written: what it does could not be told to anybody.

    Args:
        path: of the events.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stderr = os.dup(2)  # pytest captures the other one
        try:
            self._log = EventLog(path)
        except OSError as error:
            self._give_up(error)

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""
        try:
            self._log.write(event, **fields)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> NoReturn:
        text = f"\npjm: the results cannot be written: {self._path}: {error.strerror}\n"
        with contextlib.suppress(OSError):  # standard error may be on the same disk
            os.write(self._stderr, text.encode("utf-8", "replace"))
        os._exit(BROKEN)


def _run_pytest(assignment: Assignment, left: List[str]) -> int:
    """In the child: pytest, and its exit code."""
    import pytest

    from pjm.worker_plugin import WorkerPlugin

    log = SureLog(assignment.events)
    log.write(
        events.BEGIN,
        time=time.time(),
        python=sys.version.split()[0],
        pytest=pytest.__version__,
        host=socket.gethostname(),
        process=os.getpid(),
    )
    captured.keep(assignment.events.parent)
    _import_plugin()
    arguments = [*assignment.arguments, "-p", "pytest_pjm"]
    code = int(pytest.main(arguments, plugins=[WorkerPlugin(log, left, assignment)]))
    with contextlib.suppress(OSError):  # of output, nothing is lost that matters
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _import_plugin() -> None:
    """Import the plugin's module, which lies beside our package: the import path of the tests may not lead there."""
    folder = str(Path(pjm.__file__).resolve().parents[1])
    sys.path.insert(0, folder)
    try:
        import_module("pytest_pjm")
    finally:
        sys.path.remove(folder)


def _note_crash(assignment: Assignment, state: Finished, status: int) -> None:
    """Say which test took the process down, and how."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        how = f"signal {number} ({_signal_name(number)})"
        if number == signal.SIGKILL:
            how += "; nobody but the system sends that one: it may have run out of memory"
    else:
        how = state.stopped or f"exit code {os.WEXITSTATUS(status)}"
    printed = captured.kept(assignment.events.parent, state.phase)
    SureLog(assignment.events).write(
        events.CRASH, test=state.running, phase=state.phase, how=how, printed=printed, time=time.time()
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "which has no name"


def _tidy_environment(assignment: Assignment) -> None:
    """The environment and the import path as the tests would have had them without us."""
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
