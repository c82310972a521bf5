"""Measures fingerprints and runs for the tests of a session, several at a time and ahead of the tests.

Fingerprints come first, then runs. One pool of processes serves the whole session, so that each process imports
TensorFlow only once.
"""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import components, workers
from mnist_repro.execution.fingerprint_worker import taken_in
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.harness.checkable import Runs, TakenFingerprint, Target
from mnist_repro.recipes import find
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import read
from mnist_repro.training.framework import require_tensorflow


@dataclass(frozen=True)
class Conditions:
    """The conditions that all measurements of a session share.

    Args:
        folder: folder for the files of the runs.
        data: the value of --data, as `find_data` takes it.
        arithmetic: ``original`` or ``framework``.
        processes: number of worker processes.
    """

    folder: Path
    data: Optional[str]
    arithmetic: str
    processes: int


class Measurements:
    """Takes fingerprints and makes runs in the background; a caller waits only for its own measurement."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        # A copy: a test may change the environment during a measurement.
        self._environment = dict(os.environ)
        self._dataset: Optional[Tuple[Dataset, str]] = None
        self._made: Dict[workers.Task, Future[Union[Run, TakenFingerprint]]] = {}
        self._batches: queue.SimpleQueue[Optional[Sequence[workers.Task]]] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self, targets: Sequence[Target], seeds: int) -> None:
        """Start measurements in this order, without those that were started before.

        Raises:
            BadInput: TensorFlow is missing, there is no such recipe, or the requested data is missing.
        """
        if not targets:
            return
        require_tensorflow()
        for recipe, _ in targets:
            find(recipe)
        fingerprints = [self._fingerprint_task(recipe) for recipe, rung in targets if rung == FINGERPRINT]
        runs = [task for recipe, rung in targets if rung != FINGERPRINT for task in self._tasks(recipe, rung, seeds)]
        tasks = [task for task in dict.fromkeys([*fingerprints, *runs]) if task not in self._made]
        if not tasks:
            return
        self._made.update({task: Future() for task in tasks})
        self._batches.put(tasks)
        if not self._thread.is_alive():
            self._thread.start()

    def fingerprint(self, recipe: str) -> TakenFingerprint:
        """Wait for the fingerprint of a recipe, and return it.

        Raises:
            BadInput: the fingerprint could not be taken.
        """
        self.begin([(recipe, FINGERPRINT)], 0)
        fingerprint = self._made[self._fingerprint_task(recipe)].result()
        assert isinstance(fingerprint, TakenFingerprint)  # noqa: S101 - it was asked for
        return fingerprint

    def runs(self, recipe: str, scale: str, seeds: int) -> Runs:
        """Wait for the runs of seeds 0 to ``seeds`` - 1, and return them.

        Raises:
            BadInput: a run could not be made.
        """

        def make(count: int) -> Tuple[Run, ...]:
            self.begin([(recipe, scale)], count)
            results = [self._made[task].result() for task in self._tasks(recipe, scale, count)]
            return tuple(run for run in results if isinstance(run, Run))

        return Runs(recipe, scale, make(seeds), make)

    def stop(self) -> None:
        """Start no more measurements. A current one stops at its next progress event, or when this process ends."""
        self._stopped = True
        self._batches.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _fingerprint_task(self, recipe: str) -> workers.Task:
        conditions, place = self._conditions, self._data()[1]
        assignment = components.Assignment(find(recipe), arithmetic=conditions.arithmetic)
        return workers.Task(assignment, place, conditions.folder / recipe / FINGERPRINT, workers.FINGERPRINT)

    def _tasks(self, recipe: str, scale: str, seeds: int) -> List[workers.Task]:
        conditions, place = self._conditions, self._data()[1]
        return [
            workers.Task(
                components.Assignment(find(recipe), seed, scale, conditions.arithmetic),
                place,
                conditions.folder / recipe / scale / f"seed-{seed}",
                workers.RUN,
            )
            for seed in range(seeds)
        ]

    def _data(self) -> Tuple[Dataset, str]:
        if self._dataset is None:
            self._dataset = find_data(self._conditions.data)
        return self._dataset

    def _work(self) -> None:
        # One pool for all batches, so that each process imports TensorFlow once.
        pool = workers.Pool(self._conditions.processes, self._environment)
        while True:
            tasks = self._batches.get()
            if tasks is None or self._stopped:
                break
            self._make(pool, tasks)
        pool.close()

    def _make(self, pool: workers.Pool, tasks: Sequence[workers.Task]) -> None:
        try:
            self._go_on()
            pool.submit(tasks)
            pool.wait(tasks, lambda progress: self._go_on(), self._ended)
        except BaseException as error:  # the waiting tests must get the error
            for task in tasks:
                if not self._made[task].done():
                    self._made[task].set_exception(error)

    def _ended(self, task: workers.Task, failure: Optional[workers.Failure]) -> None:
        is_fingerprint = task.leaves == workers.FINGERPRINT
        try:
            if failure:
                assignment = task.assignment
                which = FINGERPRINT if is_fingerprint else f"seed {assignment.seed}"
                raise BadInput(f"{assignment.recipe.name}, {which}: {failure.what}", failure.why, failure.fix)
            self._made[task].set_result(self._taken(task) if is_fingerprint else read(task.folder))
        except (BadInput, OSError) as error:
            self._made[task].set_exception(error)
        self._go_on()

    def _taken(self, task: workers.Task) -> TakenFingerprint:
        answer, assignment = taken_in(task.folder), task.assignment
        fingerprint = answer.fingerprint
        assert fingerprint is not None  # noqa: S101 - it was asked for
        name = self._data()[0].name
        return TakenFingerprint(
            assignment.recipe.name,
            name,
            assignment.arithmetic,
            fingerprint.exact,
            fingerprint.losses,
            answer.provenance,
        )

    def _go_on(self) -> None:
        if self._stopped:
            raise _Stopped


def find_data(request: Optional[str]) -> Tuple[Dataset, str]:
    """The dataset, and the value that makes `locate.load` give the same dataset in another process.

    Args:
        request: the value of --data. If neither it nor the environment names data, nothing is downloaded.

    Raises:
        BadInput: the requested data is missing.
    """
    wish = locate.wish(request)
    unsaid = wish.place is None and wish.insists is None
    candidates = (locate.look(title, place).dataset for title, place in locate.unnamed_places()) if unsaid else ()
    local = next((dataset for dataset in candidates if dataset is not None), None)
    dataset = local or locate.load("surrogate" if unsaid else request, say=lambda line: None)
    return dataset, locate.place(dataset)


class _Stopped(Exception):  # noqa: N818 - no error: the session is over
    """The session is over."""
