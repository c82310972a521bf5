"""A worker process with one thread that trains one run after another; `mnist_repro.execution.workers` starts it."""

from __future__ import annotations

import functools
import gc
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from mnist_repro.data.dataset import Dataset
from mnist_repro.data.locate import load
from mnist_repro.execution import fingerprint_worker
from mnist_repro.execution.components import Assignment, as_run, estimate, train_into
from mnist_repro.execution.processes import serve
from mnist_repro.execution.workers import FINGERPRINT, RUN
from mnist_repro.files.atomic import require_writable
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from mnist_repro.runs.log import Line
from mnist_repro.runs.run_json import WEIGHTS
from mnist_repro.training.train import train


def main() -> None:
    """Make the runs that this process is asked for."""
    read = functools.lru_cache(maxsize=None)(load)
    serve(lambda job, report: make(job, read(job["data"]), report))


def make(job: Dict[str, Any], dataset: Dataset, report: Callable[..., None]) -> None:
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
        fingerprint_worker.write(fingerprint_worker.take_here(recipe, dataset, assignment.arithmetic), folder)
    elif job["leaves"] == RUN:
        require_writable(folder)
        trained = train(recipe, dataset, assignment.seed, scale, assignment.arithmetic, progress)
        run_json.write(as_run(assignment, dataset, scale, trained), folder)
    else:
        train_into(folder, assignment, dataset, progress)
        estimate(folder / WEIGHTS, recipe, dataset, scale.test_images, out=folder)
