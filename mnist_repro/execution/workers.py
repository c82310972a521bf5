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
from typing import IO, Callable, Dict, Mapping, Optional, Sequence, Union

from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.processes import command
from mnist_repro.files.atomic import remove_unfinished

LOG_LINES_SHOWN = 15
# What a task leaves in its folder.
COMPONENTS, RUN, FINGERPRINT = "components", "run", "fingerprint"


@dataclass(frozen=True)
class Task:
    """One run to make.

    Args:
        assignment: what to train.
        data: the dataset's place, as `mnist_repro.data.locate.load` takes it.
        folder: where the run's files go.
        leaves: ``components`` (the files of `train` and `estimate`), ``run`` (`run.json` alone: no weights are saved,
            and nothing is scored from them), or ``fingerprint`` (the recipe's, whatever the scale).
    """

    assignment: Assignment
    data: str
    folder: Path
    leaves: str = COMPONENTS


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
    tasks: Sequence[Task], processes: int, watch: Watcher, ended: Optional[Ended] = None
) -> Dict[Task, Optional[Failure]]:
    """Make all runs, ``processes`` at a time; one that fails does not take the others along.

    Each task ends with None or its failure, in the order of ``tasks``.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the processes have been stopped, finished runs are whole.
    """
    with contextlib.closing(Pool(max(1, min(processes, len(tasks))))) as pool:
        pool.submit(tasks)
        pool.no_more()
        return pool.wait(tasks, watch, ended)


class Pool:
    """Worker processes, started when there is something to do, that stay for the next tasks until the pool is closed.

    Args:
        processes: how many there are at the most.
        environment: theirs; this process's as it is when they start if None.
    """

    def __init__(self, processes: int, environment: Optional[Mapping[str, str]] = None) -> None:
        self._waiting: queue.SimpleQueue[Optional[Task]] = queue.SimpleQueue()
        self._happened: queue.SimpleQueue[Union[Progress, _Ended]] = queue.SimpleQueue()
        self._crew = [_Worker(self._waiting, self._happened, environment) for _ in range(processes)]
        for worker in self._crew:
            worker.start()

    def submit(self, tasks: Sequence[Task]) -> None:
        """Have these made, after those that were submitted before."""
        for task in tasks:
            self._waiting.put(task)

    def no_more(self) -> None:
        """Let each process end as soon as nothing is left for it."""
        for _ in self._crew:
            self._waiting.put(None)

    def wait(
        self, tasks: Sequence[Task], watch: Watcher, ended: Optional[Ended] = None
    ) -> Dict[Task, Optional[Failure]]:
        """Wait for tasks that were submitted; what `watch` or `ended` raises ends the waiting."""
        outcomes: Dict[Task, Optional[Failure]] = {}
        waited_for = set(tasks)
        while len(outcomes) < len(waited_for):
            event = self._happened.get()
            if event.task not in waited_for:
                continue  # nobody waits for it any more
            if isinstance(event, Progress):
                watch(event)
            else:
                outcomes[event.task] = event.failure
                if ended is not None:
                    ended(event.task, event.failure)
        return {task: outcomes[task] for task in tasks}

    def close(self) -> None:
        """Kill the processes at once: what they had finished is on disk, what they had not is not."""
        for worker in self._crew:
            worker.stop()
        self.no_more()
        for worker in self._crew:
            worker.join()


@dataclass(frozen=True)
class _Ended:
    task: Task
    failure: Optional[Failure]


class _Worker:
    """A thread that keeps one process busy, and starts another when that dies."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[Optional[Task]],
        happened: queue.SimpleQueue[Union[Progress, _Ended]],
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
        """Kill the process, and let the thread end with its next task."""
        self._stopped = True
        process = self._process  # the thread may be about to let go of it
        if process is not None:
            process.kill()

    def join(self) -> None:
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while True:
            task = self._waiting.get()
            if task is None or self._stopped:
                break
            try:
                failure = self._run(task)
            except Exception as error:  # a worker must never leave its caller waiting
                failure = Failure(
                    "the process of this run could not be used",
                    f"it did not start, or it answered something else than expected: {type(error).__name__}: {error}",
                    "run it again",
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
            "leaves": task.leaves,
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
            command("execution.run_worker"),
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
