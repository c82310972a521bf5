"""Options of pytest that do not go together with `--fugaku` are refused; those that only show something show it."""

from __future__ import annotations

import pytest

from tests.builders.fugaku_project import FugakuProject

TWO = """
@pytest.mark.fugaku
def test_there():
    pass

def test_here():
    pass
"""


def test_what_cannot_work_with_jobs_is_refused_before_there_is_one(project: FugakuProject) -> None:
    project.write(TWO)

    ran = project.send("--pdb")

    assert 4 == ran.code, ran.out
    assert "ERROR: --fugaku does not go together with --pdb and --trace\n  why: " in ran.out
    assert not project.workdir.exists()


def test_stepwise_and_the_debugger_work_without_jobs(project: FugakuProject) -> None:
    project.write(TWO)

    assert {"passed": 2} == project.run("--stepwise", "--pdb").counts()


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only"])
def test_what_only_shows_fixtures_shows_them_of_all_tests_and_submits_nothing(
    project: FugakuProject, option: str
) -> None:
    project.write("@pytest.fixture\ndef water():\n    pass\n\n" + TWO.replace("there():", "there(water):"))

    plain, ran = project.run(option), project.send(option)

    assert (0, 0) == (plain.code, ran.code), ran.out
    assert "SETUP    F water" in ran.out
    assert plain.out.splitlines()[:-1] == ran.out.splitlines()[:-1]
    assert not project.workdir.exists()
