"""Measures fingerprints and runs for the tests of a session, several at a time and ahead of the tests.

Fingerprints come first, then runs. One pool of processes serves the whole session, so that each process imports
TensorFlow only once.
"""

from __future__ import annotations

import os
import platform
import re
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import components, fingerprint, workers
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.files.environment import cpu
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.statistics import AUTO_SEEDS, SAME_BITS_SEED
from mnist_repro.harness.fixture import Runs
from mnist_repro.recipes import find
from mnist_repro.runs import baselines
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import read
from mnist_repro.training.framework import require_tensorflow

# (recipe, rung) of a test.
Target = Tuple[str, str]
_NICENESS = 19
# The option of `mnist-repro` that pytest calls --repro-data.
_OPTION = re.compile(r"(?<![\w/-])--data\b")


@dataclass
class Measurements:
    """Takes fingerprints and makes runs in the background; a caller waits only for its own measurement.

    Args:
        folder: folder for the files of the runs.
        data: the value of --data, as `find_data` takes it.
        arithmetic: ``original`` or ``framework``.
        processes: number of worker processes.
        baselines: folder of the baselines.
    """

    folder: Path
    data: Optional[str]
    arithmetic: str
    processes: int
    baselines: Path

    def __post_init__(self) -> None:
        self._dataset: Optional[Tuple[Dataset, str]] = None
        self._made: Dict[workers.Task, Future[Optional[BadInput]]] = {}
        self._at_first: Dict[Target, Sequence[int]] = {}
        # A copy: a test may change the environment during a measurement. The tests that run meanwhile go first.
        self._pool = workers.Pool(self.processes, dict(os.environ), niceness=_NICENESS)

    def begin(self, targets: Sequence[Target], seeds: Optional[int]) -> None:
        """Start measurements in this order, without those that were started before.

        Without ``seeds``, their number is that of `seeds_at_first`.

        Raises:
            BadInput: TensorFlow is missing, there is no such recipe, or the requested data is missing.
        """
        if not targets:
            return
        require_tensorflow()
        for recipe, _ in targets:
            find(recipe)
        fingerprints = [self._fingerprint_task(recipe) for recipe, rung in targets if rung == FINGERPRINT]
        runs = [
            task
            for recipe, scale in targets
            if scale != FINGERPRINT
            for task in self._tasks(
                recipe, scale, self.seeds_at_first(recipe, scale) if seeds is None else range(seeds)
            )
        ]
        for task in (*fingerprints, *runs):
            if task not in self._made:
                self._made[task] = self._pool.submit(task)

    def seeds_at_first(self, recipe: str, scale: str) -> Sequence[int]:
        """One seed if the stored bits are to be expected, because the stored runs are of such a machine; else five.

        `Baseline.check` makes five if the one has other bits.
        """
        target = (recipe, scale)
        if target not in self._at_first:
            here = self._stored_here(recipe, scale)
            self._at_first[target] = (SAME_BITS_SEED,) if here else range(AUTO_SEEDS[0])
        return self._at_first[target]

    def _stored_here(self, recipe: str, scale: str) -> bool:
        conditions = baselines.conditions_of(self._data()[0].name, self.arithmetic)
        try:
            entry = baselines.read(self.baselines, recipe, scale).samples(conditions)
        except BadInput:  # the comparison will say so
            return False
        here = {"machine": platform.machine(), "cpu": cpu(), "numpy": np.__version__}
        return entry is not None and here == {field: entry.provenance.get(field) for field in here}

    def fingerprint(self, recipe: str) -> TakenFingerprint:
        """Wait for the fingerprint of a recipe, and return it.

        Raises:
            BadInput: the fingerprint could not be taken.
        """
        self.begin([(recipe, FINGERPRINT)], 0)
        task = self._fingerprint_task(recipe)
        self._wait(task, FINGERPRINT)
        return fingerprint.read(task.folder)

    def runs(self, recipe: str, scale: str, seeds: Optional[int]) -> Runs:
        """Wait for the runs of the first ``seeds`` seeds, and return them; None is as in `begin`.

        Raises:
            BadInput: a run could not be made.
        """

        def make(count: int) -> Tuple[Run, ...]:
            self.begin([(recipe, scale)], count)
            return self._made_runs(recipe, scale, range(count))

        if seeds is not None:
            return Runs(make(seeds), make)
        self.begin([(recipe, scale)], None)
        return Runs(self._made_runs(recipe, scale, self.seeds_at_first(recipe, scale)), make)

    def stop(self) -> None:
        """Stop all measurements."""
        self._pool.close()

    def _made_runs(self, recipe: str, scale: str, seeds: Sequence[int]) -> Tuple[Run, ...]:
        tasks = self._tasks(recipe, scale, seeds)
        for task in tasks:
            self._wait(task, f"seed {task.assignment.seed}")
        return tuple(read(task.folder) for task in tasks)

    def _wait(self, task: workers.Task, which: str) -> None:
        """Wait for a measurement.

        Raises:
            BadInput: it could not be made.
        """
        failure = self._made[task].result()
        if failure:
            raise BadInput(f"{task.assignment.recipe.name}, {which}: {failure.what}", failure.why, failure.fix)

    def _fingerprint_task(self, recipe: str) -> workers.Task:
        assignment = components.Assignment(find(recipe), arithmetic=self.arithmetic)
        return workers.Task(assignment, self._data()[1], self.folder / recipe / FINGERPRINT, workers.FINGERPRINT)

    def _tasks(self, recipe: str, scale: str, seeds: Sequence[int]) -> List[workers.Task]:
        return [
            workers.Task(
                components.Assignment(find(recipe), seed, scale, self.arithmetic),
                self._data()[1],
                self.folder / recipe / scale / f"seed-{seed}",
                workers.RUN,
            )
            for seed in seeds
        ]

    def _data(self) -> Tuple[Dataset, str]:
        if self._dataset is None:
            self._dataset = find_data(self.data)
        return self._dataset


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
    try:
        dataset = local or locate.load("surrogate" if unsaid else request, say=lambda line: None)
    except BadInput as error:
        what, why, fix = (_OPTION.sub("--repro-data", part) for part in (error.what, error.why, error.fix))
        raise BadInput(what, why, fix) from error
    return dataset, locate.place(dataset)
