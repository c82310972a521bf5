"""The training of wheel-softmax, spread over ranks, as a run that the gate judges."""

from __future__ import annotations

import gc

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution.components import Assignment, as_run
from mnist_repro.recipes import find
from mnist_repro.runs.run import Run
from mnist_repro.training.data_parallel import Communicator, train_data_parallel

RECIPE = find("wheel-softmax")


def spread_run(ranks: Communicator, dataset: Dataset, seed: int, scale: str) -> Run:
    """The run of a seed at a scale, which these ranks made together."""
    # The graphs of the run before refer to themselves, and hold its images.
    gc.collect()
    trained = train_data_parallel(ranks, RECIPE, dataset, seed, RECIPE.scale(scale))
    return as_run(Assignment(RECIPE, seed, scale), dataset, RECIPE.scale(scale), trained)
