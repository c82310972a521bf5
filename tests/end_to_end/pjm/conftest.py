"""What the tests of `pytest --fugaku` share: projects with an emulated PJM of their own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Iterator

import pytest

from tests.builders.fugaku_project import FugakuProject

SUITE = Path(__file__).parent / "outcome_suite"
collect_ignore = ["outcome_suite"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[FugakuProject]:
    made = FugakuProject(tmp_path / "project")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FugakuProject]:
    """The suite of outcomes, to be run here and in jobs."""
    folder = tmp_path_factory.mktemp("outcomes") / "suite"
    shutil.copytree(str(SUITE), str(folder), ignore=shutil.ignore_patterns("__pycache__"))
    made = FugakuProject(folder)
    yield made
    made.stop()
