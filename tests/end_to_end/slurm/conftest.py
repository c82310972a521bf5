"""Real Slurms, one of each kind for all tests: without a history, with one, and one that forgets at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from pjm.batch.host import LocalHost
from pjm.batch.slurm.scheduler import SlurmScheduler
from tests.builders.processes import PATIENCE
from tests.builders.submitting import SubmittingPlace
from tests.slurm.machine import Machine, Running, missing, slurm

Place = SubmittingPlace[SlurmScheduler]


def started(factory: pytest.TempPathFactory, name: str, machine: Machine) -> Iterator[Running]:
    why = missing(machine)
    if why is not None:
        pytest.skip(why)
    with slurm(factory.mktemp(name), machine) as running:
        yield running


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm without a history."""
    yield from started(tmp_path_factory, "slurm", Machine(nodes=4))


@pytest.fixture(scope="session")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm without a history, which forgets a job two seconds after its end."""
    yield from started(tmp_path_factory, "forgetful", Machine(nodes=1, min_job_age=2))


@pytest.fixture(scope="session")
def with_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm with a database; it forgets a job soon, so that the history is needed."""
    yield from started(tmp_path_factory, "history", Machine(nodes=1, min_job_age=2, accounting="dbd"))


def scheduler_of(running: Running, *options: str, commands: Path = Path(), patience: float = 300.0) -> SlurmScheduler:
    """A scheduler whose commands come from the folder `commands`, where it has them."""
    path = f"{commands}:{running.environment['PATH']}" if commands.name else running.environment["PATH"]
    host = LocalHost({**os.environ, "PATH": path})
    return SlurmScheduler(host, options, PATIENCE, PATIENCE, patience=patience)


@pytest.fixture
def place(plain: Running, tmp_path: Path) -> Place:
    return SubmittingPlace(tmp_path, scheduler_of(plain))
