"""Without --fugaku, tests with ranks= run under the mpiexec of this machine; here one without MPI."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Dict, List

import pytest

from tests.builders.fugaku_project import FugakuProject, Ran
from tests.builders.mpiexec import write_mpiexec
from tests.builders.processes import NEEDED, alive, until

TEXT = """
MANY = pytest.mark.fugaku(ranks=3)

@MANY
def test_passes(mpi, artifacts, record_property):
    print("rank", mpi.rank)
    (artifacts.folder / f"{mpi.rank}.txt").touch()
    record_property("size", mpi.size)

@MANY
def test_fails(mpi):
    assert mpi.rank != 1

def test_has_no_ranks(mpi, artifacts):
    assert (0, 1, []) == (mpi.rank, mpi.size, sorted(artifacts.folder.iterdir()))
    assert 3 == len([path.name for path in artifacts.of("test_passes").iterdir()])

@pytest.mark.fugaku(ranks=2)
def test_has_other_ranks(mpi):
    assert 2 == mpi.size

@pytest.mark.fugaku(ranks=2, after="test_fails")
def test_waits(mpi): pass
"""
WHY_NOT = {
    "there is no mpiexec on PATH": {"PATH": "/nowhere"},
    "pytest itself runs under mpiexec, which cannot be started in there": {"PMIX_RANK": "0"},
}


@pytest.fixture
def project(tmp_path: Path) -> FugakuProject:
    project = FugakuProject(tmp_path / "project")
    project.write(TEXT)
    return project


def run(project: FugakuProject, *arguments: str, before: str = "", **variables: str) -> Ran:
    commands = project.path.with_name("commands")
    commands.mkdir(exist_ok=True)
    write_mpiexec(commands, before)
    return project.run("-v", *arguments, **{"PATH": f"{commands}:{os.environ['PATH']}", **variables})


def verdicts(ran: Ran) -> Dict[str, List[str]]:
    """What was said of each test."""
    words = [line.split() for line in ran.out.splitlines() if line.startswith("test_it.py::") and len(line.split()) > 1]
    return {
        verdict: [name.partition("::test_")[2] for name, each, *_ in words if each == verdict]
        for _, verdict, *_ in words
    }


def test_each_test_has_one_result_beside_tests_without_ranks(project: FugakuProject) -> None:
    ran = run(project, "-rP", "--junitxml=junit.xml")

    expected = {"PASSED": ["passes", "has_no_ranks", "has_other_ranks"], "FAILED": ["fails"], "SKIPPED": ["waits"]}
    assert expected == verdicts(ran), ran.out
    assert ["rank 0", "rank 1", "rank 2"] == [line for line in ran.out.splitlines() if line.startswith("rank ")][:3]
    assert '<property name="size" value="3"' in (project.path / "junit.xml").read_text(encoding="utf-8")


def test_what_failed_last_time_runs_alone(project: FugakuProject) -> None:
    run(project)

    assert {"FAILED": ["fails"]} == verdicts(run(project, "--lf", "-k", "not waits"))


def test_after_a_failure_nothing_else_runs_with_x(project: FugakuProject) -> None:
    assert {"PASSED": ["passes"], "FAILED": ["fails"]} == verdicts(run(project, "-x"))


@pytest.mark.parametrize("why", WHY_NOT)
def test_where_ranks_cannot_be_started_the_reason_is_said(project: FugakuProject, why: str) -> None:
    ran = run(project, "-rs", "-k", "other_ranks", **WHY_NOT[why])

    assert {"SKIPPED": ["has_other_ranks"]} == verdicts(ran), ran.out
    assert f"needs ranks=2: {why}" in ran.out


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("sys.exit('no such option')", "no such option"),
        ("count = 1", "mpiexec has started 1 ranks, and the test asks for ranks=2"),
    ],
)
def test_an_mpiexec_that_gives_no_result_shows_its_words(project: FugakuProject, before: str, said: str) -> None:
    ran = run(project, "-k", "other_ranks", before=before)

    assert {"ERROR": ["has_other_ranks"]} == verdicts(ran), ran.out
    assert "its mpiexec gave no result: exit code 1" in ran.out
    assert said in ran.out


def test_a_session_that_ends_at_a_rank_ends_here(project: FugakuProject) -> None:
    project.write(
        "pytestmark = pytest.mark.fugaku(ranks=2)\ndef test_a(mpi): pytest.exit('enough', 3)\ndef test_b(): pass"
    )
    ran = run(project)

    assert (3, True) == (ran.code, "enough" in ran.out), ran.out
    assert "test_b" not in ran.out


@NEEDED
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_client_that_is_ended_leaves_no_ranks(project: FugakuProject, number: signal.Signals) -> None:
    project.write(
        "@pytest.mark.fugaku(ranks=2)\ndef test_sleeps(mpi):\n"
        "    open(f'{mpi.rank}.pid', 'w').write(str(os.getpid()))\n    time.sleep(600)\n"
    )
    commands = project.path.with_name("commands")
    commands.mkdir()
    write_mpiexec(commands)
    client = project.start(PATH=f"{commands}:{os.environ['PATH']}")
    files = [project.path / f"{rank}.pid" for rank in range(2)]
    until(lambda: all(file.exists() and file.read_text() for file in files))
    client.send_signal(number)
    client.communicate()

    until(lambda: not any(alive(file.read_text()) for file in files))
