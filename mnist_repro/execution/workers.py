"""A pool of worker processes with one thread each that makes several runs at the same time."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.processes import DiedError, Process
from mnist_repro.files.atomic import remove_unfinished

# The kinds of files that a task can write; see `Task.leaves`.
COMPONENTS, RUN, FINGERPRINT = "components", "run", "fingerprint"


@dataclass(frozen=True)
class Task:
    """One run to make.

    Args:
        assignment: what to train.
        data: place of the dataset, as `mnist_repro.data.locate.load` takes it.
        folder: the folder for the run's files.
        leaves: ``components`` (the files of `train` and `estimate`), ``run`` (only `run.json`: no weights are saved
            or scored), or ``fingerprint`` (the fingerprint of the recipe; the scale does not matter).
    """

    assignment: Assignment
    data: str
    folder: Path
    leaves: str = COMPONENTS


class RunFailedError(BadInput):
    """A run was not made, although its input and its environment were right."""


@dataclass(frozen=True)
class Progress:
    """The number of steps that a task has done, and of all its steps."""

    task: Task
    done: int
    total: int


Watcher = Callable[[Progress], None]
# Called when a task has ended; the second argument is its failure, or None.
Ended = Callable[[Task, Optional[BadInput]], None]


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task], processes: int, watch: Watcher, ended: Optional[Ended] = None
) -> Dict[Task, Optional[BadInput]]:
    """Make all runs, ``processes`` at a time; a failed run does not stop the others.

    Returns for each task its failure, or None, in the order of ``tasks``.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the processes have been stopped, finished runs are whole.
    """
    with contextlib.closing(Pool(max(1, min(processes, len(tasks))), watch=watch)) as pool:
        futures = {pool.submit(task): task for task in tasks}
        for future in as_completed(futures):
            if ended is not None:
                ended(futures[future], future.result())
        return {task: future.result() for future, task in futures.items()}


class Pool:
    """A pool of worker processes. A process starts when no other is idle, and stays until the pool is closed.

    Args:
        processes: the largest number of processes.
        environment: environment of the processes; None means that of this process at the time they start.
        watch: receives the progress of tasks, one report at a time, in another thread.
        niceness: by how much the priority of the processes is lower than that of this process, from 0 to 19.
    """

    def __init__(
        self,
        processes: int,
        environment: Optional[Mapping[str, str]] = None,
        watch: Watcher = lambda progress: None,
        niceness: int = 0,
    ) -> None:
        self._environment, self._watch, self._niceness = environment, watch, niceness
        # Each thread waits for one process.
        self._threads = ThreadPoolExecutor(processes)
        self._watching = threading.Lock()
        self._started: List[Process] = []
        self._idle: List[Process] = []
        self._stopped = False

    def submit(self, task: Task) -> Future[Optional[BadInput]]:
        """Add a task to the end of the queue; its result will be its failure, or None."""
        return self._threads.submit(self._run, task)

    def close(self) -> None:
        """Kill the processes at once. Finished runs are on disk; unfinished runs are lost."""
        self._stopped = True
        for process in list(self._started):
            process.kill()
        self._threads.shutdown()
        for process in self._started:
            process.close()

    def _run(self, task: Task) -> Optional[BadInput]:
        if self._stopped:
            return RunFailedError("this run was not begun", "the other runs were stopped", "run it again")
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
        try:
            return self._ask(job, task)
        except DiedError as error:
            remove_unfinished(task.folder)
            return RunFailedError(f"the process of this run {error.how}", error.last_words, error.fix)
        except Exception as error:
            return RunFailedError(
                "the process of this run could not be used",
                f"it did not start, or it answered something else than expected: {type(error).__name__}: {error}",
                "run it again",
            )

    def _ask(self, job: Mapping[str, Any], task: Task) -> Optional[BadInput]:
        failure = None
        try:
            process = self._idle.pop()
        except IndexError:
            process = self._start()
        try:
            process.ask(job, lambda report: self._progress(Progress(task, **report)))
        except BadInput as error:
            failure = error
        # A process that did not answer to its end is not used again.
        self._idle.append(process)
        return failure

    def _start(self) -> Process:
        process = Process("execution.run_worker", self._environment, self._niceness)
        self._started.append(process)
        if self._stopped:
            process.kill()
        return process

    def _progress(self, progress: Progress) -> None:
        with self._watching:
            self._watch(progress)
