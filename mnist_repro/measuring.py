"""What tests want measured, begun ahead of them and made side by side: fingerprints first, then runs.

One crew serves a whole session, so that few processes do all the work and TensorFlow is imported seldom.
"""

from __future__ import annotations

import os
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from mnist_repro import components, workers
from mnist_repro.baselines import FINGERPRINT
from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.fingerprint_worker import ask_each
from mnist_repro.framework import require_tensorflow
from mnist_repro.measured import Runs, TakenFingerprint, Wanted
from mnist_repro.recipes import find
from mnist_repro.run import Run
from mnist_repro.run_json import MODEL, WEIGHTS, read


@dataclass(frozen=True)
class Conditions:
    """What all measurements of a session have in common.

    Args:
        folder: for the runs' files.
        data: as `find_data` takes it.
        arithmetic: ``original`` or ``framework``.
        processes: how many run side by side.
    """

    folder: Path
    data: Optional[str]
    arithmetic: str
    processes: int


class Crew:
    """Takes fingerprints and makes runs in the background; whoever wants one waits for that one only."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        # What tests do to it while we measure is their own.
        self._environment = dict(os.environ)
        self._dataset: Optional[Tuple[Dataset, str]] = None
        self._fingerprints: Dict[str, Future[TakenFingerprint]] = {}
        self._runs: Dict[workers.Task, Future[Run]] = {}
        self._batches: queue.SimpleQueue[Optional[_Batch]] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self, wanted: Sequence[Wanted], seeds: int) -> None:
        """Have these measured, in this order; what was begun before is not begun again.

        Raises:
            BadInput: there is no TensorFlow, no such recipe, or the data that was asked for is not there.
        """
        if not wanted:
            return
        require_tensorflow()
        for recipe, _ in wanted:
            find(recipe)
        self._data()
        recipes = [recipe for recipe, rung in wanted if rung == FINGERPRINT and recipe not in self._fingerprints]
        tasks = [
            task
            for recipe, rung in wanted
            if rung != FINGERPRINT
            for task in self._tasks(recipe, rung, seeds)
            if task not in self._runs
        ]
        if not recipes and not tasks:
            return
        self._fingerprints.update({recipe: Future() for recipe in recipes})
        self._runs.update({task: Future() for task in tasks})
        self._batches.put(_Batch(tuple(dict.fromkeys(recipes)), tuple(dict.fromkeys(tasks))))
        if not self._thread.is_alive():
            self._thread.start()

    def fingerprint(self, recipe: str) -> TakenFingerprint:
        """The fingerprint of a recipe, when it is there.

        Raises:
            BadInput: it could not be taken.
        """
        self.begin([(recipe, FINGERPRINT)], 0)
        return self._fingerprints[recipe].result()

    def runs(self, recipe: str, scale: str, seeds: int) -> Runs:
        """The runs of seeds 0 to ``seeds`` - 1, when all are there.

        Raises:
            BadInput: one could not be made.
        """

        def make(count: int) -> Tuple[Run, ...]:
            self.begin([(recipe, scale)], count)
            return tuple(self._runs[task].result() for task in self._tasks(recipe, scale, count))

        return Runs(recipe, scale, make(seeds), make)

    def stop(self) -> None:
        """Begin nothing more, and stop what is under way at its next sign of life, or when this process ends."""
        self._stopped = True
        self._batches.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _tasks(self, recipe: str, scale: str, seeds: int) -> List[workers.Task]:
        made, place = self._conditions, self._data()[1]
        return [
            workers.Task(
                components.Assignment(find(recipe), seed, scale, made.arithmetic),
                place,
                made.folder / recipe / scale / f"seed-{seed}",
            )
            for seed in range(seeds)
        ]

    def _data(self) -> Tuple[Dataset, str]:
        if self._dataset is None:
            self._dataset = find_data(self._conditions.data)
        return self._dataset

    def _work(self) -> None:
        while True:
            batch = self._batches.get()
            if batch is None or self._stopped:
                return
            self._take_all(batch.fingerprints)
            self._make(batch.tasks)

    def _take_all(self, recipes: Sequence[str]) -> None:
        at_once = self._conditions.processes
        shares = [recipes[first::at_once] for first in range(min(at_once, len(recipes)))]
        # Not a ThreadPoolExecutor: Python would wait for it, and so for fingerprints that nobody wants, before it ends.
        lanes = [threading.Thread(target=self._take, args=(share,), daemon=True) for share in shares]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _take(self, recipes: Sequence[str]) -> None:
        dataset, place = self._data()
        arithmetic = self._conditions.arithmetic
        try:
            self._go_on()
            for recipe, answer in ask_each(recipes, place, arithmetic, self._environment):
                assert recipe is not None  # noqa: S101 - it is one of those asked for
                if isinstance(answer, BadInput):
                    self._fingerprints[recipe].set_exception(answer)
                else:
                    assert answer.fingerprint is not None  # noqa: S101 - it was asked for
                    taken = answer.fingerprint
                    self._fingerprints[recipe].set_result(
                        TakenFingerprint(recipe, dataset.name, arithmetic, taken.exact, taken.losses, answer.provenance)
                    )
                self._go_on()
        except BaseException as error:  # whoever waits must hear of it
            for recipe in recipes:
                if not self._fingerprints[recipe].done():
                    self._fingerprints[recipe].set_exception(error)

    def _make(self, tasks: Sequence[workers.Task]) -> None:
        try:
            self._go_on()
            if tasks:
                workers.run_all(
                    tasks, self._conditions.processes, lambda progress: self._go_on(), self._ended, self._environment
                )
        except BaseException as error:  # whoever waits must hear of it
            for task in tasks:
                if not self._runs[task].done():
                    self._runs[task].set_exception(error)

    def _ended(self, task: workers.Task, failure: Optional[workers.Failure]) -> None:
        future = self._runs[task]
        assignment = task.assignment
        try:
            if failure:
                what = f"{assignment.recipe.name}, seed {assignment.seed}: {failure.what}"
                raise BadInput(what, failure.why, failure.fix)
            run = read(task.folder)
            # Figures are judged; the weights of a session's runs would only fill the disk.
            for name in (MODEL, WEIGHTS):
                (task.folder / name).unlink()
            future.set_result(run)
        except (BadInput, OSError) as error:
            future.set_exception(error)

    def _go_on(self) -> None:
        if self._stopped:
            raise _Stopped


def find_data(request: Optional[str]) -> Tuple[Dataset, str]:
    """The dataset, and what to pass to `locate.load` so that another process gets the same.

    Args:
        request: the value of --data. Where neither it nor the environment says anything, nothing is downloaded.

    Raises:
        BadInput: the data that was asked for is not there.
    """
    wish = locate.wish(request)
    unsaid = wish.place is None and wish.insists is None
    looked = (locate.look(title, place).dataset for title, place in locate.unnamed_places()) if unsaid else ()
    found = next((dataset for dataset in looked if dataset is not None), None)
    dataset = found or locate.load("surrogate" if unsaid else request, say=lambda line: None)
    return dataset, locate.place(dataset)


@dataclass(frozen=True)
class _Batch:
    fingerprints: Tuple[str, ...]
    tasks: Tuple[workers.Task, ...]


class _Stopped(Exception):  # noqa: N818 - no error: the session is over
    """The session is over."""
