"""Real Slurms, one of each kind for all tests: without a history, with one, and one that forgets at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Dict, Iterator

import pytest

from pjm.batch.host import LocalHost
from pjm.batch.slurm.scheduler import SlurmScheduler
from tests.builders.processes import PATIENCE
from tests.builders.submitting import SubmittingPlace
from tests.slurm.machine import Machine, Running, missing, slurm

Place = SubmittingPlace[SlurmScheduler]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "outcomes.md"
# Rows of the page that have tests of their own; of the last, tests/slow/pjm/test_killed_at_random.py.
CONTROLLER, FORGOTTEN = "slurmctld is killed and started again", "Slurm forgets the job while no client asks: MinJobAge"
KILLED = "the client is killed, at any moment"
LIMITED = Machine(nodes=5, cgroup=True)


@dataclass(frozen=True)
class Outcome:
    """A row of the page: what the user sees, whether it is tried again, and how often the test ran."""

    sees: str
    again: str
    runs: str


def documented() -> Dict[str, Outcome]:
    """The rows of the page, by what goes wrong."""
    section = PAGE.read_text(encoding="utf-8").partition("## What was tried on a real Slurm\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"]
    return {what: Outcome(*cells) for what, *cells in rows[2:]}


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


@pytest.fixture
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm for one test, which may kill its daemons: a controller that starts again may give an id twice."""
    yield from started(tmp_path_factory, "crashing", Machine(nodes=4))


@pytest.fixture(scope="session")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm without a history, which forgets a job two seconds after its end."""
    yield from started(tmp_path_factory, "forgetful", Machine(nodes=1, min_job_age=2))


@pytest.fixture(scope="session")
def with_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm with a database; it forgets a job soon, so that the history is needed."""
    yield from started(tmp_path_factory, "history", Machine(nodes=1, min_job_age=2, accounting="dbd"))


@pytest.fixture(scope="session")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm that limits the memory of jobs, where that can be had."""
    yield from started(
        tmp_path_factory, "limited", LIMITED if missing(LIMITED) is None else replace(LIMITED, cgroup=False)
    )


def scheduler_of(running: Running, *options: str, commands: Path = Path(), patience: float = 300.0) -> SlurmScheduler:
    """A scheduler whose commands come from the folder `commands`, where it has them."""
    path = f"{commands}:{running.environment['PATH']}" if commands.name else running.environment["PATH"]
    host = LocalHost({**os.environ, "PATH": path})
    return SlurmScheduler(host, options, PATIENCE, PATIENCE, patience=patience)


@pytest.fixture
def place(plain: Running, tmp_path: Path) -> Place:
    return SubmittingPlace(tmp_path, scheduler_of(plain))
