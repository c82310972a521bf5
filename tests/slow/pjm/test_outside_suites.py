"""Two suites of other people's, all their tests marked: the same outcomes in jobs as here.

attrs (classes; fixtures of function, module and session scope; Hypothesis) and more-itertools (unittest; subtests),
from their source distributions on PyPI. What they need is installed by the environment: see tox.ini.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Dict, List

import pytest

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject

SUITES = {"attrs": "attrs-25.3.0", "more-itertools": "more-itertools-10.5.0"}  # the last for Python 3.8
MARK_ALL = """

import pytest as _pytest


@_pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(_pytest.mark.fugaku(elapse="01:00:00"))
"""
OPTIONS = ("-q", "-o", "fugaku_tests_per_job=100", "-o", "console_output_style=classic", "-p", "no:randomly")


@pytest.fixture(params=SUITES)
def suite(request: pytest.FixtureRequest, tmp_path: Path) -> FugakuProject:
    name, _, version = SUITES[request.param].rpartition("-")
    pip = [sys.executable, "-m", "pip", "--quiet"]
    download = ["download", "--no-deps", "--no-binary", name, "-d", str(tmp_path), f"{name}=={version}"]
    subprocess.run([*pip, *download], check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(str(archive)) as tar:
        tar.extractall(str(tmp_path))  # noqa: S202 - a released source distribution
    (folder,) = (each for each in tmp_path.iterdir() if each.is_dir())
    with (folder / "conftest.py").open("a") as conftest:
        conftest.write(MARK_ALL)
    subprocess.run([*pip, "install", "--no-deps", str(folder)], check=True)
    return FugakuProject(folder)


def test_the_outcomes_are_the_same(suite: FugakuProject) -> None:
    # Hypothesis' plugin takes the same examples in both.
    options = (*OPTIONS, "-p", "_hypothesis_pytestplugin", "--hypothesis-seed=1", "tests")

    here = suite.run("--junitxml=here.xml", *options)
    in_jobs = suite.send("--junitxml=jobs.xml", *options)
    suite.stop()

    expected = _outcomes(suite.path / "here.xml")
    assert 300 <= len(expected), here.out
    assert expected == _outcomes(suite.path / "jobs.xml"), in_jobs.out
    assert _comparable(suite.path / "here.xml") == _comparable(suite.path / "jobs.xml")
    assert here.code == in_jobs.code


def _comparable(path: Path) -> object:
    """All but the values of Hypothesis' properties of the suite, which are times."""
    counts, properties, cases = junit.read(path)
    return counts, [dict(each[1])["name"] for each in properties], cases


def _outcomes(path: Path) -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {}
    for case in junit.read(path)[2]:
        names = dict(case[1])
        found.setdefault(f"{names['classname']}.{names['name']}", []).extend(child[0] for child in case[3])
    return found
