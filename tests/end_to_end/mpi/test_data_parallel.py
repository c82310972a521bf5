"""wheel-softmax, spread over the ranks of MPI, is the same training: every seed agrees with its stored run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_repro.errors import BadInput
from mnist_repro.harness.fixture import Baseline
from mnist_repro.harness.measurements import find_data
from mnist_repro.runs import baselines
from mnist_repro.runs.metrics import metric_values
from mnist_repro.training.data_parallel import MpiCommunicator
from tests.builders.job_environment import job_environment
from tests.builders.spread_training import RECIPE, spread_run

# Three ranks have unequal shares of a batch of 128; one, two and four have equal ones.
RANKS = [
    pytest.param(ranks, marks=pytest.mark.fugaku(ranks=ranks, elapse="06:00:00", env=job_environment()))
    for ranks in (1, 2, 3, 4)
]


@pytest.mark.parametrize("ranks", RANKS)
def test_spread_over_ranks_it_is_the_same_training(ranks: int, mpi: Any, request: pytest.FixtureRequest) -> None:
    """Two seeds, or as many as --gate-seeds says. Prints a line for each seed: `-rP` shows it."""
    option = request.config.option
    # Not the fixture: a session judges a baseline once, and this is one baseline for each number of ranks.
    baseline = Baseline(request.config.rootpath / request.config.getini("gate_baselines"), lambda name, value: None)
    dataset, _ = find_data(option.repro_data)
    stored = baselines.read(baseline.folder, RECIPE.name, option.repro_scale)
    entry = stored.samples(baselines.conditions_of(dataset.name, "original"))
    runs = []

    assert ranks == mpi.size
    for seed in range(2 if option.gate_seeds == "auto" else option.gate_seeds):
        run = spread_run(MpiCommunicator(mpi.comm), dataset, seed, option.repro_scale)
        runs.append(run)
        if entry is not None and seed in entry.samples:
            apart = {name: value / entry.samples[seed][name] - 1.0 for name, value in metric_values(run).items()}
            furthest = max(apart, key=lambda name: abs(apart[name]))
            print(f"{ranks} ranks, seed {seed}: {apart[furthest]:+.1e}, {furthest}, {run.provenance['seconds']} s")
    baseline.check(runs)


@pytest.mark.fugaku(ranks=3)
def test_arrays_arrive_in_the_order_of_the_ranks(mpi: Any) -> None:
    ranks = MpiCommunicator(mpi.comm)
    own = np.full((2, 2), ranks.rank, np.float32)

    assert [0.0, 1.0, 2.0] == ranks.gather(own)[:, 1, 1].tolist()
    assert [5] == ranks.broadcast(np.array([ranks.rank + 5])).tolist()


@pytest.mark.fugaku(ranks=2, env=job_environment())
def test_every_rank_refuses_arguments_that_are_not_the_same(mpi: Any, request: pytest.FixtureRequest) -> None:
    dataset, _ = find_data(request.config.option.repro_data)

    with pytest.raises(BadInput, match="different things: not those of rank 0: rank 1"):
        spread_run(MpiCommunicator(mpi.comm), dataset, mpi.rank, "subset")
