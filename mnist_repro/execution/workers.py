"""Makes several runs at the same time, in worker processes with one thread each.

`run_all`, `Pool`, `take_fingerprint` and `provenance_there` start the processes, and `main` runs in each of them.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import shlex
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.errors import BadInput
from mnist_repro.execution import fingerprint
from mnist_repro.execution.components import Assignment, as_run, estimate, train_into
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.execution.processes import FEWER, DiedError, Process, serve
from mnist_repro.files.atomic import remove_unfinished, require_writable
from mnist_repro.recipes import Recipe, find
from mnist_repro.runs import run_json
from mnist_repro.runs.log import Line
from mnist_repro.runs.run_json import WEIGHTS
from mnist_repro.training.provenance import provenance
from mnist_repro.training.train import train

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
        try:
            return self._ask(task)
        except DiedError as error:
            remove_unfinished(task.folder)
            return RunFailedError(f"the process of this run {error.how}", error.last_words, error.fix)
        except Exception as error:
            failure = _unusable("the process of this run", error)
            return RunFailedError(failure.what, failure.why, failure.fix)

    def _ask(self, task: Task) -> Optional[BadInput]:
        failure = None
        try:
            process = self._idle.pop()
        except IndexError:
            process = self._start()
        try:
            process.ask(_job(task), lambda report: self._progress(Progress(task, **report)))
        except BadInput as error:
            failure = error
        # A process that did not answer to its end is not used again.
        self._idle.append(process)
        return failure

    def _start(self) -> Process:
        process = Process("execution.workers", self._environment, self._niceness)
        self._started.append(process)
        if self._stopped:
            process.kill()
        return process

    def _progress(self, progress: Progress) -> None:
        with self._watching:
            self._watch(progress)


def take_fingerprint(recipe: Recipe, data: str, arithmetic: str) -> TakenFingerprint:
    """Take the fingerprint of a recipe in a process of its own; ``data`` is as of `Task`.

    Raises:
        BadInput: the process refused, or died.
    """
    with tempfile.TemporaryDirectory(prefix="mnist-repro-") as folder:
        task = Task(Assignment(recipe, arithmetic=arithmetic), data, Path(folder), FINGERPRINT)
        _ask_once(_job(task))
        return fingerprint.read(task.folder)


def provenance_there() -> Dict[str, Any]:
    """The provenance of a worker process: versions, CPU and threads. Raises as `take_fingerprint` does."""
    answer: Dict[str, Any] = _ask_once({})
    return answer


def _ask_once(request: Mapping[str, Any]) -> Any:
    task = f"takes the fingerprint of {request['recipe']}" if request else "reports its TensorFlow"
    try:
        with contextlib.closing(Process("execution.workers")) as process:
            return process.ask(request)
    except DiedError as error:
        raise BadInput(f"the process that {task} {error.how}", error.last_words, error.fix) from error
    except (OSError, ValueError) as error:
        raise _unusable(f"the process that {task}", error) from error


def _unusable(process: str, error: Exception) -> BadInput:
    """The message about a process that did not start, or did not answer in JSON."""
    fix = f"type the command again; if it comes back, {FEWER}"
    if isinstance(error, ValueError):
        fix = (
            f"type {shlex.quote(sys.executable)} -c pass: if it prints anything, take that out of sitecustomize.py or "
            "the .pth file that prints it; if not, report it as a bug"
        )
    return BadInput(
        f"{process} could not be used",
        f"it did not start, or it answered something else than expected: {type(error).__name__}: {error}",
        fix,
    )


def _job(task: Task) -> Dict[str, Any]:
    """The request for a task."""
    assignment = task.assignment
    return {
        "recipe": assignment.recipe.name,
        "seed": assignment.seed,
        "scale": assignment.scale,
        "arithmetic": assignment.arithmetic,
        "data": task.data,
        "out": str(task.folder),
        "leaves": task.leaves,
    }


def main() -> None:
    """Make the runs that this process is asked for, or report its provenance, if a request is empty."""
    read = functools.lru_cache(maxsize=None)(load)
    serve(lambda job, report: make_run(job, read(job["data"]), report) if job else provenance(0.0))


def make_run(job: Dict[str, Any], dataset: Dataset, report: Callable[..., None]) -> None:
    """Make one run; ``report`` receives the number of steps that are done, and of all steps.

    Raises:
        BadInput: the run cannot be made.
    """
    recipe = find(job["recipe"])
    assignment = Assignment(recipe, job["seed"], job["scale"], job["arithmetic"])
    scale = recipe.scale(assignment.scale)
    folder = Path(job["out"])
    # The graphs of the run before refer to themselves, and hold its images: 200 MB.
    gc.collect()

    def progress(done: int, total: int, line: Optional[Line]) -> None:
        report(done=done, total=total)

    if job["leaves"] == FINGERPRINT:
        fingerprint.write(fingerprint.take(recipe, dataset, assignment.arithmetic), folder)
    elif job["leaves"] == RUN:
        require_writable(folder)
        trained = train(recipe, dataset, assignment.seed, scale, assignment.arithmetic, progress)
        run_json.write(as_run(assignment, dataset, scale, trained), folder)
    else:
        train_into(folder, assignment, dataset, progress)
        estimate(folder / WEIGHTS, recipe, dataset, scale.test_images, out=folder)
