"""Makes the measurements of a baseline, and proposes the baseline. A stopped recording can be continued."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional

from mnist_repro.data.dataset import UNRECOGNISED, Dataset
from mnist_repro.display import counted
from mnist_repro.errors import BadInput
from mnist_repro.execution import code_digest, kept_runs
from mnist_repro.execution.components import Assignment
from mnist_repro.execution.workers import Task, Watcher, provenance_there, run_all, take_fingerprint
from mnist_repro.files.atomic import remove_unfinished, require_replaceable
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, FingerprintEntry, SampleEntry
from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.gate.margins import MANY_SEEDS
from mnist_repro.harness.tolerances import (
    fingerprint_entry,
    require_enough,
    sample_entry,
)
from mnist_repro.recipes import Recipe
from mnist_repro.runs import baselines
from mnist_repro.runs.metrics import metric_names, metric_values
from mnist_repro.runs.run_json import FILE, MODEL, WEIGHTS, read


@dataclass
class Recorder:
    """Records one rung of one recipe at a time, and holds its lock during the recording.

    Args:
        folder: folder of the baselines.
        dataset: the training data; must be MNIST or the surrogate.
        data: place of the dataset for the workers, as `mnist_repro.data.locate.load` takes it.
        arithmetic: ``original`` or ``framework``.
        processes: number of worker processes.
        new_margins: whether to replace stored margins and tolerances.
        say: receives a line before each step, and for each proposal.
        watch: receives the progress of runs.

    Raises:
        BadInput: the dataset is unrecognised.
    """

    folder: Path
    dataset: Dataset
    data: str
    arithmetic: str
    processes: int
    new_margins: bool
    say: Callable[[str], None]
    watch: Watcher
    _here: Optional[Dict[str, Any]] = field(default=None, init=False)

    @property
    def conditions(self) -> Dict[str, str]:
        """The conditions of everything that is recorded."""
        return baselines.conditions_of(self.dataset.name, self.arithmetic)

    def __post_init__(self) -> None:
        if self.dataset.name == UNRECOGNISED:
            raise BadInput(
                f"{self.dataset.source} is neither MNIST nor the surrogate",
                "baselines are stored under the name of a dataset, and this dataset has no name",
                "--data mnist, or --data surrogate",
            )

    def fingerprint(self, recipe: Recipe) -> None:
        """Take the fingerprint in a worker process, and propose it."""
        with baseline_files.lock(self.folder, baselines.name_of(recipe.name, FINGERPRINT)):
            file = self._stored(recipe, FINGERPRINT)
            self.say(f"{recipe.name} fingerprint: taking it")
            taken = take_fingerprint(recipe, self.data, self.arithmetic)
            self._here = _one_thread(taken.provenance)
            stored = file.entry(self.conditions, self._here["platform"])
            previous = stored if isinstance(stored, FingerprintEntry) and not self.new_margins else None
            provenance = {**self._here, "dataset_sha256": self.dataset.sha256}
            entry = fingerprint_entry(replace(taken, provenance=provenance), previous)
            self._propose(recipe, FINGERPRINT, entry)

    def samples(self, recipe: Recipe, rung: str, seeds: Optional[int]) -> Dict[Task, BadInput]:
        """Make the missing runs of seeds 0 to ``seeds`` - 1, and propose all these runs.

        Returns the runs that could not be made. If there are any, nothing is proposed.

        Without ``seeds``, their number is the largest of 16, the stored number and the proposed number.

        Raises:
            BadInput: the seeds are too few, or fewer than the stored ones; a metric is not finite, or the samples
                cannot serve as a baseline.
        """
        with baseline_files.lock(self.folder, baselines.name_of(recipe.name, rung)):
            return self._samples(recipe, rung, seeds)

    def _samples(self, recipe: Recipe, rung: str, requested: Optional[int]) -> Dict[Task, BadInput]:
        previous_samples = self._stored(recipe, rung).samples(self.conditions)
        seeds = _seeds(recipe, rung, requested, previous_samples, self._waiting(recipe, rung))
        previous = None if self.new_margins else previous_samples
        if self._here is None:
            self._here = _one_thread(provenance_there())
        code = code_digest.of_recipe(code_digest.digest(), recipe)
        # The folder's name has all that the runs must have in common.
        platform = re.sub(r"[^A-Za-z0-9_.]+", "-", str(self._here["platform"]))
        place = baseline_files.private_folder(self.folder) / recipe.name
        place = place / "-".join((rung, *self.conditions.values(), platform)) / code
        tasks = [
            Task(Assignment(recipe, seed, rung, self.arithmetic), self.data, place / f"seed-{seed}")
            for seed in range(seeds)
        ]
        missing = [task for task in tasks if not self._usable(task, code)]
        for task in tasks:
            # What a killed recording may have left, beside a whole run too.
            _drop_weights(task)
            remove_unfinished(task.folder)
        there = len(tasks) - len(missing)
        self.say(f"{recipe.name} {rung}: {counted(len(missing), 'run')} to make, {there} are there already")
        failures = self._make(missing)
        if not failures:
            entry = sample_entry(recipe, rung, [read(task.folder) for task in tasks], code, previous)
            self._propose(recipe, rung, entry)
        return failures

    def _propose(self, recipe: Recipe, rung: str, entry: BaselineEntry) -> None:
        owner = baselines.owner(self.folder, recipe.name, rung, self.conditions)
        file = BaselineFile(baselines.name_of(recipe.name, rung), baselines.kind_of(rung), owner=owner)
        self.say(f"{recipe.name} {rung}: proposed in {baseline_files.propose(self.folder, file, entry)}")

    def _waiting(self, recipe: Recipe, rung: str) -> int:
        """The number of seeds that an earlier recording proposes."""
        proposed = baselines.read_proposed(self.folder, recipe.name, rung).samples(self.conditions)
        return 1 + max(proposed.samples) if proposed is not None else 0

    def _stored(self, recipe: Recipe, rung: str) -> BaselineFile:
        """The stored baseline. Makes sure, before the work, that its files can be read and written."""
        stored = baselines.read(self.folder, recipe.name, rung)
        baselines.read_proposed(self.folder, recipe.name, rung)
        require_replaceable(baseline_files.path_of(self.folder, stored.name, proposed=True))
        return stored

    def _usable(self, task: Task, code: str) -> bool:
        """Whether an earlier recording left a run of the task that equals a new run."""
        try:
            run = read(task.folder)
        except BadInput:
            return False
        # An edited run may lack a metric of the recipe, and could not be proposed.
        if set(metric_values(run)) != set(metric_names(task.assignment.recipe, task.assignment.scale)):
            return False
        here = {**(self._here or {}), "code": code}
        return not kept_runs.differences(run, task.assignment, self.dataset.sha256, here)

    def _make(self, tasks: List[Task]) -> Dict[Task, BadInput]:
        for task in tasks:
            # Remove an unusable run.
            with contextlib.suppress(FileNotFoundError):
                (task.folder / FILE).unlink()
        if not tasks:
            return {}
        outcomes = run_all(tasks, self.processes, self.watch, lambda task, failure: _drop_weights(task))
        return {task: failure for task, failure in outcomes.items() if failure is not None}


def _drop_weights(task: Task) -> None:
    """Remove a run's weights and model: its figures are enough, and hundreds of models would fill the disk."""
    for name in (MODEL, WEIGHTS):
        with contextlib.suppress(FileNotFoundError):
            (task.folder / name).unlink()


def _seeds(recipe: Recipe, rung: str, requested: Optional[int], stored: Optional[SampleEntry], waiting: int) -> int:
    """The number of seeds to record: enough for a baseline, and no fewer than the stored or proposed seeds.

    Fewer seeds than the proposed ones are allowed if the user names the number.
    """
    needed = 1 + max(stored.samples) if stored is not None else 0
    seeds = max(MANY_SEEDS, needed, waiting) if requested is None else requested
    require_enough(recipe, seeds)
    if seeds < needed:
        raise BadInput(
            f"--seeds {seeds} of {recipe.name} {rung}, where seeds up to {needed - 1} are stored",
            "stored samples would be lost, although nothing shows that they are wrong",
            f"--seeds {needed}, or leave --seeds out",
        )
    return seeds


def _one_thread(provenance: Mapping[str, Any]) -> Dict[str, Any]:
    """The provenance of a process; refused if it computed with several threads."""
    if provenance["threads"] != 1:
        raise BadInput(
            f"MNIST_REPRO_THREADS is {provenance['threads']}",
            "the same seed gives the same bits with one thread only, and baselines are recorded so",
            "unset MNIST_REPRO_THREADS",
        )
    return dict(provenance)
