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
        ("count = 1", "mpiexec has started 1 rank, and the test asks for ranks=2"),
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


def test_fixtures_of_a_module_end_when_a_test_with_ranks_is_its_last(project: FugakuProject) -> None:
    project.write(
        "@pytest.fixture(scope='module')\ndef ends():\n    yield\n    assert False, 'at the end'\n"
        "def test_a(ends): pass\n@pytest.mark.fugaku(ranks=2)\ndef test_b(mpi): pass\n"
    )
    project.write("def test_c(): pass\n", "test_next.py")

    ran = run(project)

    assert {"passed": 3, "error": 1} == ran.counts(), ran.out
    assert "ERROR test_it.py::test_b - AssertionError: at the end" in ran.out


def test_each_test_runs_once_also_beside_one_that_waits(project: FugakuProject) -> None:
    marks = {"a": "", "b": ", after='test_a'", "c": "", "d": ""}
    project.write(
        "".join(
            f"@pytest.mark.fugaku(ranks=2{more})\ndef test_{name}(mpi):\n"
            f"    open(f'{{mpi.rank}}.log', 'a').write('{name} ')\n    time.sleep(0.3)\n"
            for name, more in marks.items()
        )
    )

    assert {"PASSED": ["a", "b", "c", "d"]} == verdicts(run(project))
    assert ["a b c d "] * 2 == [(project.path / f"{rank}.log").read_text() for rank in range(2)]


def test_ranks_end_as_any_python_and_a_bad_end_is_the_sessions(project: FugakuProject) -> None:
    project.write(
        "import atexit\n@pytest.mark.fugaku(ranks=2)\ndef test_a(mpi):\n"
        "    atexit.register(lambda: (time.sleep(0.5), open(f'{mpi.rank}.end', 'w').close()))\n"
    )
    project.write("def pytest_sessionfinish(session):\n    session.exitstatus = 3\n", "conftest.py")
    ran = run(project)

    assert (3, True) == (ran.code, all((project.path / f"{rank}.end").exists() for rank in range(2))), ran.out


def test_an_expected_failure_of_one_rank_does_not_wait_for_the_others(project: FugakuProject) -> None:
    project.write(
        "@pytest.mark.xfail\n@pytest.mark.fugaku(ranks=2)\n"
        "def test_a(mpi):\n    assert not mpi.rank\n    time.sleep(600)\n"
    )

    assert {"XFAIL": ["a"]} == verdicts(run(project))


def test_ranks_that_hang_end_at_the_elapse_limit_and_the_next_test_runs(project: FugakuProject) -> None:
    project.write(
        "@pytest.mark.fugaku(ranks=2, elapse=5)\ndef test_hangs(mpi):\n    print('waits')\n    time.sleep(600)\n"
        "@pytest.mark.fugaku(ranks=2, elapse=5)\ndef test_next(mpi): pass\n"
    )
    ran = run(project)

    assert {"FAILED": ["hangs"], "PASSED": ["next"]} == verdicts(ran), ran.out
    assert "it ran over its elapse limit of 00:00:05, in its call phase" in ran.out
    assert "Captured stdout call (rank 1)" in ran.out


def test_what_ranks_print_is_shown_also_with_s(project: FugakuProject) -> None:
    project.write("@pytest.mark.fugaku(ranks=2)\ndef test_a(mpi):\n    print('it is', mpi.rank)\n")

    assert {"it is 0", "it is 1"} <= set(run(project, "-s", "-rP").out.splitlines())
