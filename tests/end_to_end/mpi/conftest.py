"""Tests with ranks= run by a real MPI in three ways: without jobs, in jobs of the emulator, and in those of a Slurm."""

from __future__ import annotations

import importlib.util
import os
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Callable, Dict, Iterator, List, NamedTuple

import pytest

from tests.builders.fugaku_project import FugakuProject, Ran
from tests.builders.slurm_project import SlurmProject
from tests.slurm.machine import Machine, Running, missing, slurm

# Inside Slurm in the environment that has one: `tox run -e slurm`.
WAYS = ("slurm",) if os.environ.get("PJM_BATCH_SYSTEM") == "slurm" else ("here", "emulator")
# The two nodes are one machine, where Open MPI's shared memory of both would have the same names.
NO_SHARED_MEMORY = "-ofugaku_prologue=export OMPI_MCA_btl=self,tcp"
# On two nodes, where there are nodes.
MARK = 'pytestmark = pytest.mark.fugaku(nodes=2, ranks=4, elapse="10m")\n'


class Outcome(NamedTuple):
    """What the user sees of one test.

    Attributes:
        verdict: passed, failed, error, skipped, or several of them.
        message: the line of the short summary.
        text: all that is shown of it.
        seconds: its time.
    """

    verdict: str
    message: str
    text: str
    seconds: float


@dataclass
class Way:
    """A project, and the way in which its tests are run.

    Attributes:
        name: one of WAYS.
        project: with its tests.
    """

    name: str
    project: FugakuProject

    def write(self, text: str, name: str = "test_it.py", mark: str = MARK) -> None:
        """Write a file of tests, which all have this mark."""
        self.project.write(mark + text, name)

    def run(self, *arguments: str, **variables: str) -> Ran:
        """Run the tests."""
        options = [] if self.name == "here" else ["--fugaku", "--fugaku-emulate"]
        options += [NO_SHARED_MEMORY] if self.name == "slurm" else []
        ran = self.project.run(*options, "--junitxml=junit.xml", "-rA", *arguments, **variables)
        assert ran.code >= 0, ran.out
        return ran

    def outcomes(self) -> Dict[str, Outcome]:
        """The outcome of each test of the last run, by its name without test_."""
        suite = ElementTree.parse(str(self.project.path / "junit.xml")).getroot().find("testsuite")  # noqa: S314
        assert suite is not None
        return {str(case.get("name")).partition("test_")[2]: _outcome(case) for case in suite.findall("testcase")}


def _outcome(case: ElementTree.Element) -> Outcome:
    bad = [each for each in case if each.tag in ("failure", "error", "skipped")]
    verdict = " and ".join({"failure": "failed"}.get(each.tag, each.tag) for each in bad) or "passed"
    message = " and ".join(str(each.get("message")) for each in bad)
    return Outcome(verdict, message, "\n".join(each.text or "" for each in case), float(str(case.get("time"))))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With PJM_MPI=needed, as in `tox run -e mpi`: fail if anything was left out."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PJM_MPI") == "needed" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def mpi_is_here() -> None:
    """Leave everything out where there is no MPI."""
    for there, what, install in (
        (shutil.which("mpiexec"), "mpiexec", "apt-get install openmpi-bin"),
        (importlib.util.find_spec("mpi4py"), "mpi4py", "python -m pip install mpi4py"),
    ):
        if there is None:
            pytest.skip(f"no {what} here, so nothing was tested with a real MPI: {install}")


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Slurm of two nodes."""
    why = missing()
    if why is not None:
        pytest.skip(why)
    with slurm(tmp_path_factory.mktemp("slurm"), Machine(nodes=2)) as running:
        yield running


Make = Callable[[str], Way]


@pytest.fixture(scope="session")
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Makes a project whose tests are run in one of the ways."""
    made: List[Way] = []

    def one(name: str) -> Way:
        path = tmp_path_factory.mktemp(name) / "project"
        of_slurm = name == "slurm"
        project = SlurmProject(path, request.getfixturevalue("machine")) if of_slurm else FugakuProject(path)
        made.append(Way(name, project))
        return made[-1]

    yield one
    for each in made:
        if each.name != "slurm":  # it has ended by now, with its jobs
            each.project.stop()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, make: Make) -> Way:
    """A project of this test, in each of the ways."""
    return make(request.param)
