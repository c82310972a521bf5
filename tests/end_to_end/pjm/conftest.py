"""What the tests of `pytest --fugaku` share: projects with a batch system, an emulated PJM or a real Slurm.

PJM_BATCH_SYSTEM=slurm in the environment chooses Slurm. Tests that tell the emulator what to do are then left out.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable, Iterator

import pytest

from tests.builders.fugaku_project import FugakuProject
from tests.builders.slurm_project import SlurmProject
from tests.slurm.machine import Machine, missing, slurm

SUITE = Path(__file__).parent / "outcome_suite"
collect_ignore = ["outcome_suite"]

Make = Callable[[Path], FugakuProject]


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes a project with the batch system of this run."""
    if os.environ.get("PJM_BATCH_SYSTEM") != "slurm":
        yield FugakuProject
        return
    why = missing()
    if why is not None:
        pytest.skip(why)
    with slurm(tmp_path_factory.mktemp("slurm"), Machine()) as running:
        yield lambda path: SlurmProject(path, running)


@pytest.fixture
def project(tmp_path: Path, make_project: Make) -> Iterator[FugakuProject]:
    made = make_project(tmp_path / "project")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory, make_project: Make) -> Iterator[FugakuProject]:
    """The suite of outcomes, to be run here and in jobs."""
    folder = tmp_path_factory.mktemp("outcomes") / "suite"
    shutil.copytree(str(SUITE), str(folder), ignore=shutil.ignore_patterns("__pycache__"))
    made = make_project(folder)
    yield made
    made.stop()
