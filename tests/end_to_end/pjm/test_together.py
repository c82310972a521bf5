"""Options of pytest that do not go together with `--fugaku` are refused; those that only show something show it."""

from __future__ import annotations

from tests.builders.fugaku_project import FugakuProject

TWO = """
@pytest.mark.fugaku
def test_there():
    pass

def test_here():
    pass
"""


def test_stepwise_and_the_debugger_work_without_jobs(project: FugakuProject) -> None:
    project.write(TWO)

    assert {"passed": 2} == project.run("--stepwise", "--pdb").counts()


def test_what_only_shows_fixtures_shows_them_of_all_tests_and_submits_nothing(project: FugakuProject) -> None:
    project.write("@pytest.fixture\ndef water():\n    pass\n\n" + TWO.replace("there():", "there(water):"))

    plain, ran = project.run("--setup-plan"), project.send("--setup-plan")

    assert (0, 0) == (plain.code, ran.code), ran.out
    assert "SETUP    F water" in ran.out
    assert plain.out.splitlines()[:-1] == ran.out.splitlines()[:-1]
    assert not project.workdir.exists()
