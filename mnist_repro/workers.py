"""Runs side by side: one-thread worker processes over the cores, each taking the next run when it is done with one."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Callable, Dict, Mapping, Optional, Sequence

from mnist_repro.atomic import remove_unfinished
from mnist_repro.components import Assignment
from mnist_repro.errors import BadInput
from mnist_repro.own_process import command

LOG_LINES_SHOWN = 15


@dataclass(frozen=True)
class Task:
    """One run to make.

    Args:
        assignment: what to train.
        data: the dataset's place, as `mnist_repro.data.locate.load` takes it.
        folder: where the run's files go.
    """

    assignment: Assignment
    data: str
    folder: Path


@dataclass(frozen=True)
class Failure:
    """Why a run was not made: what happened, why, what to do next.

    Args:
        bad_input: the input or the environment was at fault, not the run.
    """

    what: str
    why: str
    fix: str
    bad_input: bool = False

    def __str__(self) -> str:
        return str(BadInput(self.what, self.why, self.fix))


@dataclass(frozen=True)
class Progress:
    """Steps that a task has done, of so many."""

    task: Task
    done: int
    total: int


Watcher = Callable[[Progress], None]
# Called with each task when it has ended, and with its failure if it failed.
Ended = Callable[[Task, Optional[Failure]], None]


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task],
    processes: int,
    watch: Watcher,
    ended: Optional[Ended] = None,
    environment: Optional[Mapping[str, str]] = None,
) -> Dict[Task, Optional[Failure]]:
    """Make all runs, ``processes`` at a time; one that fails does not take the others along.

    Each task ends with None or its failure, in the order of ``tasks``. The processes have ``environment``, or this
    one's as it is when they start.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the processes have been stopped, finished runs are whole.
    """
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    happened: queue.SimpleQueue[object] = queue.SimpleQueue()
    crew = [_Worker(waiting, happened, environment) for _ in range(max(1, min(processes, len(tasks))))]
    outcomes: Dict[Task, Optional[Failure]] = {}
    try:
        for worker in crew:
            worker.start()
        while len(outcomes) < len(tasks):
            event = happened.get()
            if isinstance(event, Progress):
                watch(event)
            elif isinstance(event, _Ended):
                outcomes[event.task] = event.failure
                if ended is not None:
                    ended(event.task, event.failure)
    finally:
        for worker in crew:
            worker.stop()
    return {task: outcomes[task] for task in tasks}


@dataclass(frozen=True)
class _Ended:
    task: Task
    failure: Optional[Failure]


class _Worker:
    """A thread that keeps one process busy, and starts another when that dies."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[Task],
        happened: queue.SimpleQueue[object],
        environment: Optional[Mapping[str, str]],
    ) -> None:
        self._waiting, self._happened, self._environment = waiting, happened, environment
        self._process: Optional[subprocess.Popen[str]] = None
        self._log: Optional[IO[str]] = None
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Kill the process at once: what it had finished is on disk, what it had not is not."""
        self._stopped = True
        process = self._process  # the thread may be about to let go of it
        if process is not None:
            process.kill()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while not self._stopped:
            try:
                task = self._waiting.get_nowait()
            except queue.Empty:
                break
            try:
                failure = self._run(task)
            except Exception as error:  # a worker must never leave its caller waiting
                failure = Failure(
                    f"{type(error).__name__}: {error}", "the run's process could not be used", "run it again"
                )
            self._happened.put(_Ended(task, failure))
        self._discard()

    def _run(self, task: Task) -> Optional[Failure]:
        process = self._process if self._process is not None else self._start()
        assert process.stdin is not None  # noqa: S101 - it was started with pipes
        assert process.stdout is not None  # noqa: S101
        assignment = task.assignment
        job = {
            "recipe": assignment.recipe.name,
            "seed": assignment.seed,
            "scale": assignment.scale,
            "arithmetic": assignment.arithmetic,
            "data": task.data,
            "out": str(task.folder),
        }
        with contextlib.suppress(BrokenPipeError):  # a dead process shows below, by having no more to say
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress":
                self._happened.put(Progress(task, event["done"], event["total"]))
            elif event["event"] == "failed":
                return Failure(event["what"], event["why"], event["fix"], bad_input=True)
            else:
                return None
        died = self._died(process)
        remove_unfinished(task.folder)
        return died

    def _start(self) -> subprocess.Popen[str]:
        # It lives as long as the process.
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            command("worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for us: we stop the workers in order
        )
        if self._stopped:
            self._process.kill()
        return self._process

    def _died(self, process: subprocess.Popen[str]) -> Failure:
        code = process.wait()
        assert self._log is not None  # noqa: S101 - it was opened with the process
        self._log.seek(0)
        last = self._log.read().splitlines()[-LOG_LINES_SHOWN:]
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        self._discard()
        return Failure(
            f"the process of this run {how}",
            "its last words were:\n    " + "\n    ".join(last or ["(none)"]),
            "run it again; if a signal 9 comes back, memory is short: try --processes 1",
        )

    def _discard(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            self._process.wait()
        if self._log is not None:
            self._log.close()
        self._process = self._log = None
