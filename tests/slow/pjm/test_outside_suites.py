"""Two suites of other people's, all their tests marked: the same outcomes in jobs as here.

attrs (classes; fixtures of function, module and session scope; Hypothesis) and more-itertools (unittest; subtests),
from their source distributions on PyPI. What they need is installed by the environment: see tox.ini.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from benchmarks.first_run import PIP, SUITES, unpacked
from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject

OPTIONS = (
    *("-q", "-o", "fugaku_tests_per_job=100", "-o", "console_output_style=classic", "-p", "no:randomly"),
    *("-p", "no:cacheprovider"),  # with it, the first run tells the second how long tests take: one job for all
)


@pytest.fixture(params=["attrs", "more-itertools"])
def suite(request: pytest.FixtureRequest, tmp_path: Path) -> FugakuProject:
    requirement, _ = SUITES[request.param]
    folder = unpacked(requirement, tmp_path)
    subprocess.run([*PIP, "install", "--no-deps", str(folder)], check=True)
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
