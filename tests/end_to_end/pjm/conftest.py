"""What the tests of `pytest --fugaku` share: projects with a batch system, an emulated PJM or a real Slurm.

PJM_BATCH_SYSTEM=slurm in the environment chooses Slurm. Tests that tell the emulator what to do are then left out.
PJM_BATCH_SYSTEM=ssh has the emulated PJM behind an sshd, and the project in a folder that it does not see;
PJM_BATCH_SYSTEM=ssh-slurm has a real Slurm there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, Iterator

import pytest

from tests.builders.fugaku_project import FugakuProject
from tests.builders.remote_project import RemoteProject, RemoteSlurmProject
from tests.builders.slurm_project import SlurmProject, note_calls
from tests.slurm.machine import Machine, missing, slurm
from tests.ssh.login_node import login_node
from tests.ssh.login_node import missing as no_node

SUITE = Path(__file__).parent / "outcome_suite"
collect_ignore = ["outcome_suite"]

Make = Callable[[Path], FugakuProject]


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes a project with the batch system of this run."""
    system = os.environ.get("PJM_BATCH_SYSTEM", "")
    for why in ("ssh" in system and no_node(), "slurm" in system and missing()):
        if why:
            pytest.skip(why)
    with contextlib.ExitStack() as stack:
        if system.startswith("ssh"):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="node-")))
            commands = folder / "commands"
            path = f"PATH={commands}:/usr/local/bin:/usr/bin:/bin"
            node = stack.enter_context(login_node(folder, variables=path))
        if system == "ssh":
            yield lambda path: in_git(RemoteProject(Path(path.parent.name, path.name), node))
        elif system == "ssh-slurm":
            running = stack.enter_context(slurm(folder / "slurm", Machine(), node.prefix))
            note_calls(running, commands)
            yield lambda path: in_git(RemoteSlurmProject(Path(path.parent.name, path.name), node, running, commands))
        elif system == "slurm":
            running = stack.enter_context(slurm(tmp_path_factory.mktemp("slurm"), Machine()))
            yield lambda path: SlurmProject(path, running)
        else:
            yield FugakuProject


def in_git(project: FugakuProject) -> FugakuProject:
    """The project as a work tree of git, which is pushed as a whole wherever pytest's root folder is."""
    subprocess.run(["git", "init", "--quiet", str(project.path)], check=True)  # noqa: S607 - the user's own git
    return project


@pytest.fixture
def project(tmp_path: Path, make_project: Make) -> Iterator[FugakuProject]:
    made = make_project(tmp_path / "project")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory, make_project: Make) -> Iterator[FugakuProject]:
    """The suite of outcomes, to be run here and in jobs."""
    made = make_project(tmp_path_factory.mktemp("outcomes") / "suite")
    shutil.copytree(str(SUITE), str(made.path), ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    yield made
    made.stop()
