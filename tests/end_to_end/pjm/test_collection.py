"""Jobs collect what the client collects: tests outside the root folder, and tests that a hook adds or renames."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List, Tuple

import pytest

from pjm import emulator
from tests.builders.fugaku_project import FugakuProject, Ran
from tests.builders.processes import PATIENCE

TWO = """
pytestmark = pytest.mark.fugaku

def test_passes(artifacts):
    (artifacts.folder / "name").write_text(__file__)

def test_fails():
    assert False
"""
RENAMES = """
def rename(item, name):
    if hasattr(item, "_id"):  # from pytest 9.2 on
        item._id = type(item._id).parse(name)
    else:
        item._nodeid = name
"""
UNESCAPES = (
    RENAMES
    + """
def pytest_collection_modifyitems(items):
    for item in items:
        item.name = item.name.encode().decode("unicode_escape")
        rename(item, item.nodeid.encode().decode("unicode_escape"))
"""
)
# The number of a test is another one in a job, which collects fewer.
NUMBERS = (
    RENAMES
    + """
def pytest_collection_modifyitems(items):
    for number, item in enumerate(items):
        rename(item, f"test_it.py::case {number}")
"""
)
ADDS = """
import pytest

class Status(pytest.Item):
    def runtest(self):
        pass

    def reportinfo(self):
        return "", 0, "status"

def pytest_collection_modifyitems(session, items):
    items.append(Status.from_parent(session, name="status", nodeid="status"))
    for item in items:
        item.add_marker("fugaku")
"""


def verdicts(ran: Ran) -> List[Tuple[str, str]]:
    """The tests of the short summary with their outcomes, as pytest names them."""
    return sorted(re.findall(r"^(PASSED|FAILED|ERROR) (\S.*?)(?: - .*)?$", ran.out, re.M))


def make(project: FugakuProject, *files: str) -> None:
    for name in files:
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        project.write(TWO, name)


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "config/pytest.ini", "tests"],
        ["--rootdir=config", "tests"],
        ["--rootdir=config", "tests/test_one.py", "tests/test_two.py"],
        ["--rootdir=config", "tests/test_one.py::test_passes", "tests/test_two.py::test_fails"],
        ["--rootdir=config", "tests/sub", "tests/test_one.py"],
        ["--rootdir=config", "tests", "--import-mode=importlib"],
        ["--rootdir=config", "linked"],
        ["linked"],
        ["../site/package_of_tests", "tests/sub/../test_one.py"],
        ["--pyargs", "package_of_tests"],
        ["--pyargs", "package_of_tests.test_four::test_passes", "tests/test_one.py"],
    ],
    ids=" ".join,
)
def test_the_same_tests_run_in_jobs_as_here(project: FugakuProject, tmp_path: Path, words: List[str]) -> None:
    if any("package_of_tests" in word for word in words):
        project.needs_same_machine("only the project is copied to another")
    make(project, "tests/test_one.py", "tests/test_two.py", "tests/sub/test_three.py")
    make(project, "../site/package_of_tests/test_four.py", "../site/package_of_tests/__init__.py")
    (project.path / "linked").symlink_to("tests")
    (project.path / "config").mkdir()
    (project.path / "config" / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (project.path / "tests" / "sub" / "conftest.py").write_text("import sys\nassert 'sub' not in sys.modules\n")
    path = [str(tmp_path / "site")]
    (project.path / "conftest.py").write_text(f"import sys\nsys.path[:0] = {path}\n")
    before = ["-rA", "-p", "conftest", *words]

    here, there = project.run(*before), project.send(*before, "--fugaku-workdir=.pjm")

    assert verdicts(here)
    assert verdicts(here) == verdicts(there), there.out
    assert here.code == there.code


@pytest.mark.parametrize(
    ("hook", "count"), [(UNESCAPES, 3), (NUMBERS, 3), (ADDS, 4)], ids=["unescape", "number", "add"]
)
def test_tests_that_a_hook_adds_or_renames_run_in_jobs(project: FugakuProject, hook: str, count: int) -> None:
    (project.path / "conftest.py").write_text(hook, encoding="utf-8")
    project.write(
        """
@pytest.mark.fugaku
@pytest.mark.parametrize("text", ["富岳", "x"])
def test_text(text):
    assert text != "x"
""",
        "test_b.py",
    )
    project.write("@pytest.mark.fugaku(elapse=600)\ndef test_first():\n    pass\n", "test_a.py")

    here, there = project.run("-rA"), project.send("-rA")

    assert count == len(verdicts(here))
    assert (here.code, verdicts(here)) == (there.code, verdicts(there)), there.out


def test_a_test_of_the_same_name_elsewhere_has_artifacts_of_its_own(project: FugakuProject) -> None:
    make(project, "tests/test_one.py", "tests/test_two.py")
    (project.path / "config").mkdir()
    files = ["tests/test_one.py", "tests/test_two.py"]

    ran = project.send("--rootdir=config", *files)

    written = {path.read_text() for path in project.there.rglob("artifacts/*/files-0/name")}
    assert {str(project.there / name) for name in files} == written, ran.out


def test_a_test_that_is_collected_twice_is_refused_with_the_option_only_where_it_was_given(
    project: FugakuProject,
) -> None:
    project.write(TWO)
    (project.path / "conftest.py").write_text("def pytest_collection_modifyitems(items):\n    items *= 2\n")

    repeated = project.send()
    kept = project.send("test_it.py", "test_it.py", "--keep-duplicates")

    assert (4, 4) == (repeated.code, kept.code)
    assert "next: name each test once; if a plugin or a conftest.py repeats tests" in repeated.out
    assert "next: leave out --keep-duplicates" in kept.out


@pytest.mark.parametrize("workdir", [".pjm", "kept/sessions"])
def test_what_sessions_keep_is_not_collected(project: FugakuProject, workdir: str) -> None:
    (project.path / "pytest.ini").write_text("[pytest]\nnorecursedirs = build\n", encoding="utf-8")
    project.write(
        """
@pytest.mark.fugaku
def test_leaves_a_test(artifacts):
    (artifacts.folder / "test_left.py").write_text("def test_left(): pass")
"""
    )

    first = project.send(f"--fugaku-workdir={workdir}")
    again = project.send("--doctest-modules", f"--fugaku-workdir={workdir}")
    plain = project.run("--doctest-modules")

    assert emulator.stop(project.path / workdir / "emulator", PATIENCE)
    assert [{"passed": 1}] * 3 == [ran.counts() for ran in (first, again, plain)], again.out + plain.out
    assert 2 == len(list(project.there.rglob("artifacts/*/*/test_left.py")))


def test_the_mark_is_described_as_it_is_written(project: FugakuProject) -> None:
    assert "@pytest.mark.fugaku(nodes=1, elapse='30m', rscgrp=None, " in project.run("--markers").out
