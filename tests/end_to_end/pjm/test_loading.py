"""What the plugin imports, and projects that have a module `pjm` of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Set

import pytest

from tests.builders.fugaku_project import ROOT, FugakuProject, Ran


def modules_of(project: FugakuProject, *options: str) -> Set[str]:
    """What a run of pytest has imported in the end."""
    program = "import json, sys, pytest; pytest.main(sys.argv[1:]); print(json.dumps(list(sys.modules)))"
    ran = run_by(project, program, "-q", *options)
    return set(json.loads(ran.out.splitlines()[-1]))


def run_by(project: FugakuProject, program: str, *arguments: str) -> Ran:
    """Run pytest by a program, for which the folder of the project is not on the import path."""
    process = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.remove(''); {program}", *arguments],
        cwd=project.path,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    return Ran(process.returncode, process.stdout)


def test_a_start_without_fugaku_imports_one_module(project: FugakuProject) -> None:
    project.write("def test_it():\n    pass\n")

    assert {"pytest_pjm"} == modules_of(project, "-p", "pytest_pjm") - modules_of(project)


ANSWER = "ANSWER = 42\n"
ASKS = "import pjm\n\ndef test_asks():\n    assert 42 == pjm.ANSWER\n"
STRANGERS = {
    "package": {"pjm/__init__.py": ANSWER, "pjm/conftest.py": "", "pjm/test_in.py": ASKS},
    "module": {"pjm.py": ANSWER, "test_in.py": ASKS},
    "beside the tests": {"tests/pjm.py": ANSWER, "tests/test_in.py": ASKS},
    "on the path": {"src/pjm.py": ANSWER, "test_in.py": ASKS, "pytest.ini": "[pytest]\npythonpath = src\n"},
}
PYTEST = "import pytest; sys.exit(pytest.main())"


@pytest.fixture(params=STRANGERS)
def theirs(request: pytest.FixtureRequest, project: FugakuProject) -> FugakuProject:
    """A project with a module `pjm` of its own."""
    for name, text in STRANGERS[request.param].items():
        (project.path / name).parent.mkdir(exist_ok=True)
        (project.path / name).write_text(text, encoding="utf-8")
    return project


def test_a_project_with_a_module_pjm_gets_its_own(theirs: FugakuProject) -> None:
    ran = [theirs.run_without_plugin("-p", "pytest_pjm"), run_by(theirs, PYTEST, "-p", "pytest_pjm")]

    assert [{"passed": 1}, {"passed": 1}] == [each.counts() for each in ran], ran


def test_with_fugaku_their_module_is_named_and_nothing_is_submitted(theirs: FugakuProject) -> None:
    (stranger,) = [*theirs.path.rglob("pjm.py"), *theirs.path.rglob("pjm/__init__.py")]

    ran = run_by(theirs, PYTEST, "-p", "pytest_pjm", "--fugaku-emulate")

    assert_names_the_stranger(ran, "--fugaku", stranger)
    assert [] == theirs.submissions()


def test_a_resume_names_their_module(project: FugakuProject) -> None:
    (project.path / "pjm.py").touch()

    ran = project.run_without_plugin("-p", "pytest_pjm", "--fugaku-resume")

    assert_names_the_stranger(ran, "--fugaku", project.path / "pjm.py")


def assert_names_the_stranger(ran: Ran, asks: str, stranger: Path) -> None:
    assert 4 == ran.code, ran.out
    expected = (
        f"ERROR: {asks} does not work in this project, which has a module pjm of its own: {stranger}\n"
        f"  why: the plugin needs its package {ROOT / 'pjm'}, and one Python process has one module of a name\n"
        "  next: rename the project's module; without --fugaku, after= and artifacts, its tests run as they are\n"
    )
    assert expected in ran.out
    assert "Traceback" not in ran.out


def test_here_their_tests_may_be_marked_and_may_not_wait_for_one_another(project: FugakuProject) -> None:
    (project.path / "pjm.py").write_text(ANSWER)
    project.write("@pytest.mark.fugaku\ndef test_before():\n    import pjm\n    assert 42 == pjm.ANSWER\n")

    assert {"passed": 1} == project.run_without_plugin("-p", "pytest_pjm").counts()

    project.write("@pytest.mark.fugaku(after='test_before')\ndef test_after():\n    pass\n", "test_that.py")
    ran = project.run_without_plugin("-p", "pytest_pjm")

    assert_names_the_stranger(ran, "after= or ranks= of a mark", project.path / "pjm.py")


def test_a_test_that_asks_for_artifacts_beside_a_module_pjm_fails_alone(project: FugakuProject) -> None:
    (project.path / "pjm.py").write_text(ANSWER)
    project.write(
        "def test_asks(artifacts):\n    pass\n\ndef test_other():\n    import pjm\n    assert 42 == pjm.ANSWER\n"
    )

    ran = project.run_without_plugin("-p", "pytest_pjm")

    assert {"passed": 1, "error": 1} == ran.counts(), ran.out
    assert "\nthe fixture artifacts does not work in this project, which has a module pjm of its own: " in ran.out
    assert "Traceback" not in ran.out


def test_a_folder_pjm_with_no_python_in_it_is_in_nobodys_way(project: FugakuProject) -> None:
    (project.path / "pjm").mkdir()
    (project.path / "pjm" / "job.sh").touch()
    project.write("@pytest.mark.fugaku\ndef test_it():\n    pass\n")

    # An editable install finds our package after folders, PYTHONPATH before.
    ran = project.run_without_plugin("-p", "pytest_pjm", "--fugaku-emulate", "--fugaku-dry-run", PYTHONPATH="")

    assert (0, True) == (ran.code, "nothing was submitted" in ran.out), ran.out


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_tests_in_a_folder_pjm_run_here_and_in_jobs(project: FugakuProject, mode: str) -> None:
    (project.path / "pjm" / "sub").mkdir(parents=True)
    for name in ("pjm/test_one.py", "pjm/sub/test_two.py"):
        project.write("@pytest.mark.fugaku\ndef test_it(artifacts):\n    pass\n", name)

    ran = [project.run(f"--import-mode={mode}"), project.send(f"--import-mode={mode}")]

    assert [{"passed": 2}, {"passed": 2}] == [each.counts() for each in ran], ran


def test_jobs_have_our_code_whatever_else_their_import_path_finds(project: FugakuProject) -> None:
    elsewhere = project.path / "elsewhere"
    elsewhere.mkdir()
    for name in ("pjm.py", "pytest_pjm.py"):
        (elsewhere / name).write_text("raise SystemExit('a stranger')\n", encoding="utf-8")
    settings = f"[pytest]\nfugaku_prologue = export PYTHONPATH={project.there}/elsewhere\n"
    (project.path / "pytest.ini").write_text(settings, encoding="utf-8")
    project.write(
        """
@pytest.mark.fugaku
def test_it(artifacts):
    import pjm.job.artifacts, pytest_pjm
    code = os.path.dirname(pytest_pjm.__file__)
    assert ("lib", code) == (os.path.basename(code), os.path.dirname(os.path.dirname(pjm.__file__)))
"""
    )

    ran = project.send()

    assert (0, {"passed": 1}) == (ran.code, ran.counts()), ran.out
