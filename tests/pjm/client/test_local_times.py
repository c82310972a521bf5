"""Runs without `--fugaku` tell the first jobs how long marked tests take, and are not disturbed by that."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict, List

import pytest

from pjm.elapse import elapse_text
from tests.builders.fugaku_project import FugakuProject

TESTS = """
@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(50))
def test_short(number):
    pass

@pytest.mark.fugaku(elapse="00:20:00")
class TestLong:
    def test_setup(self, request):
        time.sleep(0.2)
        request.addfinalizer(lambda: time.sleep(0.2))

@pytest.mark.fugaku
def test_fails():
    assert "in a job" == "here"

@pytest.mark.fugaku
def test_skips():
    pytest.skip("not here")

@pytest.mark.fugaku
@pytest.mark.xfail
def test_is_expected_to_fail():
    assert 0

def test_not_marked():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> FugakuProject:
    made = FugakuProject(tmp_path / "project")
    made.write(TESTS)
    return made


def durations(project: FugakuProject) -> Dict[str, float]:
    document: Dict[str, float] = json.loads(
        (project.path / ".pytest_cache" / "d" / "pjm" / "durations.json").read_text()
    )
    return document


def planned(project: FugakuProject, *options: str) -> List[str]:
    """What would be submitted of each share: how many tests are not timed, or about how long it takes."""
    ran = project.run("--fugaku-dry-run", "-k", "short or Long", *options, PATH="")
    return re.findall(r"^  (?:runs|sub job \d+) \((.*)\):$", ran.out, re.MULTILINE)


UNTIMED = ["20 of 20 tests not timed yet", "20 of 20 tests not timed yet", "10 of 10 tests not timed yet"]


@pytest.mark.parametrize("xdist", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "xdist"])
def test_marked_tests_that_pass_are_timed_and_the_first_jobs_know(project: FugakuProject, xdist: List[str]) -> None:
    if xdist:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed: tests side by side are NOT tested")
    assert [*UNTIMED, "1 of 1 tests not timed yet"] == planned(project)

    ran = project.run(*xdist)
    first = durations(project)

    assert {"passed": 52, "failed": 1, "skipped": 1, "xfailed": 1} == ran.counts()
    assert 52 == len(first)
    assert 0.4 <= first["test_it.py::TestLong::test_setup"]
    # Each of the 50 counts as 0.01 s at least; for a compute node, the long one counts five times.
    short, long = planned(project)
    assert re.fullmatch(r"about 00:00:\d\d", short)
    assert f"about {elapse_text(first['test_it.py::TestLong::test_setup'] * 5)}" == long

    project.run(*xdist, "-k", "test_short and 49")

    assert first.keys() == durations(project).keys()
    assert not project.workdir.exists() or not list(project.workdir.glob("durations*"))


@pytest.mark.parametrize(
    "options",
    [("--collect-only",), ("--setup-plan",), ("--setup-only",), ("-p", "no:cacheprovider")],
    ids=" ".join,
)
def test_nothing_is_learnt_where_no_test_runs_or_without_a_cache(project: FugakuProject, options: List[str]) -> None:
    project.run(*options)

    assert not list(project.path.glob(".pytest_cache/d/*"))


def test_without_marks_nothing_is_kept(project: FugakuProject) -> None:
    project.write("def test_it():\n    pass\n")

    assert {"passed": 1} == project.run().counts()
    assert not list(project.path.glob(".pytest_cache/d/*"))


def test_a_cache_that_cannot_be_written_fails_no_run(project: FugakuProject) -> None:
    (project.path / ".pytest_cache").mkdir()
    (project.path / ".pytest_cache" / "d").write_text("a file, where there has to be a folder")

    ran = project.run("-k", "short", "-W", "error")

    assert (0, 50) == (ran.code, ran.counts()["passed"]), ran.out
    assert UNTIMED == planned(project, "-k", "short")


def test_damaged_durations_are_as_none(project: FugakuProject) -> None:
    project.run("-k", "short")
    (project.path / ".pytest_cache" / "d" / "pjm" / "durations.json").write_text("[1,")

    assert UNTIMED == planned(project, "-k", "short")
    assert {"passed": 50, "deselected": 5} == project.run("-k", "short").counts()
    assert 50 == len(durations(project))


def test_a_project_with_a_module_pjm_of_its_own_is_left_alone(project: FugakuProject) -> None:
    (project.path / "pjm.py").write_text("")

    ran = project.run("-k", "short")

    assert {"passed": 50, "deselected": 5} == ran.counts(), ran.out
    assert not list(project.path.glob(".pytest_cache/d/*"))
