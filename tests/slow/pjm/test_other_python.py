"""The client on this Python and pytest, the jobs on Python 3.8 and pytest 8.3."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Dict, List

import pytest

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject
from tests.end_to_end.pjm import conftest as plugin_tests

# pytest 8.3 has no fixture `subtests`, and calls the test of an empty parameter set otherwise than pytest 9.
DIFFERENT = ("test_subtests", "test_subtests_pass", "test_no_parameters[NOTSET]", "test_no_parameters[value0]")


@pytest.fixture
def python() -> str:
    """An interpreter of Python 3.8 with pytest 8.3."""
    found = os.environ.get("PJM_JOBS_PYTHON", "")
    if not os.access(found, os.X_OK):
        pytest.skip(f"PJM_JOBS_PYTHON={found} names no interpreter with pytest 8.3")
    return found


def test_the_outcomes_are_those_of_the_jobs_pytest(tmp_path: Path, python: str) -> None:
    folder = tmp_path / "suite"
    shutil.copytree(str(plugin_tests.SUITE), str(folder), ignore=shutil.ignore_patterns("__pycache__"))
    suite = FugakuProject(folder)

    there = suite.run("-q", "--junitxml=there.xml", python=python)
    in_jobs = suite.send("-q", "--junitxml=jobs.xml", f"--fugaku-python={python}")
    suite.stop()

    expected = _outcomes(folder / "there.xml")
    assert 60 <= len(expected), there.out
    assert expected == _outcomes(folder / "jobs.xml"), in_jobs.out


def _outcomes(path: Path) -> Dict[str, List[str]]:
    cases = ((dict(case[1]), [child[0] for child in case[3]]) for case in junit.read(path)[2])
    return {f"{names['classname']}.{names['name']}": kinds for names, kinds in cases if names["name"] not in DIFFERENT}
