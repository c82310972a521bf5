"""A pool of worker processes with one thread each that makes several runs at the same time."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Mapping, Optional, Sequence, Union

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


@dataclass(frozen=True)
class Failure:
    """Why a run was not made: what happened, why, what to do next.

    Args:
        bad_input: the cause is the input or the environment, and not the run.
    """

    what: str
    why: str
    fix: str
    bad_input: bool = False

    def __str__(self) -> str:
        return str(BadInput(self.what, self.why, self.fix))


@dataclass(frozen=True)
class Progress:
    """The number of steps that a task has done, and of all its steps."""

    task: Task
    done: int
    total: int


Watcher = Callable[[Progress], None]
# Called when a task has ended; the second argument is its failure, or None.
Ended = Callable[[Task, Optional[Failure]], None]


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task], processes: int, watch: Watcher, ended: Optional[Ended] = None
) -> Dict[Task, Optional[Failure]]:
    """Make all runs, ``processes`` at a time; a failed run does not stop the others.

    Returns for each task its failure, or None, in the order of ``tasks``.

    Raises:
        KeyboardInterrupt: the user pressed Ctrl-C; the processes have been stopped, finished runs are whole.
    """
    with contextlib.closing(Pool(max(1, min(processes, len(tasks))))) as pool:
        pool.submit(tasks)
        pool.no_more()
        return pool.wait(tasks, watch, ended)


class Pool:
    """A pool of worker processes. A process starts with its first task and stays until the pool is closed.

    Args:
        processes: the largest number of processes.
        environment: environment of the processes; None means that of this process at the time they start.
    """

    def __init__(self, processes: int, environment: Optional[Mapping[str, str]] = None) -> None:
        self._waiting: queue.SimpleQueue[Optional[Task]] = queue.SimpleQueue()
        self._happened: queue.SimpleQueue[Union[Progress, _Ended]] = queue.SimpleQueue()
        self._crew = [_Worker(self._waiting, self._happened, environment) for _ in range(processes)]
        for worker in self._crew:
            worker.start()

    def submit(self, tasks: Sequence[Task]) -> None:
        """Add tasks to the end of the queue."""
        for task in tasks:
            self._waiting.put(task)

    def no_more(self) -> None:
        """Let each process end when the queue is empty."""
        for _ in self._crew:
            self._waiting.put(None)

    def wait(
        self, tasks: Sequence[Task], watch: Watcher, ended: Optional[Ended] = None
    ) -> Dict[Task, Optional[Failure]]:
        """Wait for submitted tasks; an exception from `watch` or `ended` ends the wait."""
        outcomes: Dict[Task, Optional[Failure]] = {}
        waited_for = set(tasks)
        while len(outcomes) < len(waited_for):
            event = self._happened.get()
            if event.task not in waited_for:
                continue  # an earlier `wait` was interrupted before this task ended
            if isinstance(event, Progress):
                watch(event)
            else:
                outcomes[event.task] = event.failure
                if ended is not None:
                    ended(event.task, event.failure)
        return {task: outcomes[task] for task in tasks}

    def close(self) -> None:
        """Kill the processes at once. Finished runs are on disk; unfinished runs are lost."""
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
    """A thread that gives tasks to one process, and starts a new process when that one has died."""

    def __init__(
        self,
        waiting: queue.SimpleQueue[Optional[Task]],
        happened: queue.SimpleQueue[Union[Progress, _Ended]],
        environment: Optional[Mapping[str, str]],
    ) -> None:
        self._waiting, self._happened, self._environment = waiting, happened, environment
        self._process: Optional[Process] = None
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Kill the process; the thread ends before its next task."""
        self._stopped = True
        process = self._process  # the thread may set it to None at any time
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
            except Exception as error:  # without an answer, `wait` would never end
                failure = Failure(
                    "the process of this run could not be used",
                    f"it did not start, or it answered something else than expected: {type(error).__name__}: {error}",
                    "run it again",
                )
            self._happened.put(_Ended(task, failure))
        self._discard()

    def _run(self, task: Task) -> Optional[Failure]:
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
        if self._process is None:
            self._process = Process("execution.run_worker", self._environment)
            if self._stopped:
                self._process.kill()
        try:
            self._process.ask(job, lambda report: self._happened.put(Progress(task, **report)))
        except BadInput as error:
            return Failure(error.what, error.why, error.fix, bad_input=True)
        except DiedError as error:
            self._discard()
            remove_unfinished(task.folder)
            return Failure(f"the process of this run {error.how}", error.last_words, error.fix)
        return None

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()
