"""Options that name one place for a whole session, and jobs: each has its own, and the session says where."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict

import pytest

from tests.builders.fugaku_project import ROOT, FugakuProject

LOGS = """
import logging

@pytest.mark.fugaku
def test_one(tmp_path):
    logging.warning("one")
    (tmp_path / "left").write_text("one")

@pytest.mark.fugaku(elapse=600)
def test_dies():
    logging.warning("two")
    os._exit(1)

@pytest.mark.fugaku(elapse=600)
def test_after_it(tmp_path):
    logging.warning("three")
    (tmp_path / "left").write_text("three")

def test_here(tmp_path):
    logging.warning("here")
    (tmp_path / "left").write_text("here")
"""


def contents(project: FugakuProject, pattern: str) -> Dict[str, str]:
    """The files of a pattern below the project's folder, or of an absolute one."""
    absolute = (project.path / pattern).relative_to("/")
    return {str(path): path.read_text() for path in Path("/").glob(str(absolute))}


@pytest.mark.parametrize("given", ["--log-file=log.txt", "-olog_file=log.txt"])
def test_each_job_has_a_log_file_of_its_own_and_the_session_says_where(project: FugakuProject, given: str) -> None:
    project.write(LOGS)

    ran = project.send(given, "--log-file-format=%(message)s")

    assert {"passed": 3, "failed": 1} == ran.counts(), ran.out
    assert ["here\n"] == list(contents(project, "log.txt").values())
    (pattern,) = re.findall(r"^fugaku: --log-file of tests in jobs: (.+)$", ran.out, re.M)
    assert ["one\n", "two\nthree\n"] == sorted(contents(project, pattern).values())


@pytest.mark.parametrize("given", ["temporary", "temporary/"])
def test_each_job_has_a_folder_of_its_own_beside_that_of_basetemp(project: FugakuProject, given: str) -> None:
    project.write(LOGS)
    (project.path / "temporary").mkdir()

    ran = project.send(f"--basetemp={given}")

    assert {"passed": 3, "failed": 1} == ran.counts(), ran.out
    (pattern,) = re.findall(r"^fugaku: --basetemp of tests in jobs: (?:login:)?(.+)$", ran.out, re.M)
    assert ["here"] == list(contents(project, "temporary/*0/left").values())
    assert ["one", "three"] == sorted(contents(project, f"{pattern}/*0/left").values())


def test_sessions_without_these_options_say_nothing_of_them(project: FugakuProject) -> None:
    project.write(LOGS)

    ran = project.send("-k", "one")

    assert (0, 0) == (ran.code, ran.out.count("of tests in jobs:"))
    assert [] == list(project.workdir.rglob("pytest.log"))


EXITS = """
@pytest.mark.fugaku
def test_before():
    pass

@pytest.mark.fugaku
def test_exits():
    pytest.exit("that is enough", returncode={code})

@pytest.mark.fugaku(elapse=600)
def test_slow():
    time.sleep(600)
"""


@pytest.mark.parametrize("code", [7, 0, None])
def test_a_test_that_exits_ends_the_session_with_its_exit_code(project: FugakuProject, code: object) -> None:
    project.write(EXITS.replace("{code}", str(code)))

    here, there = project.run(), project.send()

    assert here.code == there.code == (2 if code is None else code), there.out
    assert "Exit: that is enough !" in here.out
    assert "Exit: that is enough !" in there.out
    assert "FAILURES" not in there.out
    assert re.search(
        r"[12] jobs? cancelled; 2 of 3 tests in jobs have results; the rest: pytest --fugaku-res", there.out
    )


def test_a_session_that_a_test_has_ended_can_be_resumed_and_says_how_it_ended(project: FugakuProject) -> None:
    project.write(EXITS.replace("{code}", "7").replace("sleep(600)", "sleep(0)"))
    exited = project.send(PYTEST_ADDOPTS="")

    ran = project.run("--fugaku-resume")

    assert (7, 1) == (exited.code, ran.code), exited.out + ran.out
    assert {"passed": 2, "failed": 1} == ran.counts(), ran.out
    assert "it ended the session: _pytest.outcomes.Exit: that is enough\n" in ran.out


def test_a_failure_names_plugins_that_are_here_and_not_in_the_job(project: FugakuProject, tmp_path: Path) -> None:
    package = tmp_path / "here"
    (package / "soap-1.0.dist-info").mkdir(parents=True)
    (package / "soap-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-soap\nVersion: 1.0\n")
    (package / "soap-1.0.dist-info" / "entry_points.txt").write_text("[pytest11]\nsoap = soap\n")
    (package / "soap.py").write_text("import pytest\n\n@pytest.fixture\ndef soap():\n    pass\n")
    project.write("@pytest.mark.fugaku\ndef test_washes(soap):\n    pass\n")

    ran = project.send(PYTHONPATH=f"{ROOT}{os.pathsep}{package}", PYTEST_DISABLE_PLUGIN_AUTOLOAD="")

    assert {"error": 1} == ran.counts(), ran.out
    assert "fixture 'soap' not found" in ran.out
    assert re.search(r"^-+ output of job .*\n.*share-0.out\nnot loaded there, but here: pytest-soap$", ran.out, re.M)
