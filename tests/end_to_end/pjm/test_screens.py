"""What a user sees of 60 tests in jobs, 30 of them failing, on terminals of 80 and 120 columns and in a file."""

from __future__ import annotations

import os
import re
import sys
from typing import List

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from tests.builders.fugaku_project import FugakuProject
from tests.builders.screen import Screen, watched

TWENTY = """
@pytest.mark.fugaku
@pytest.mark.parametrize("number", range(20))
def test_it(number):
    time.sleep(0.02)
    assert number % 2
"""
# What differs from run to run, and what others than we write.
VARIES = (
    (r"\d{8}-\d{6}-[0-9a-f]{4}", "SESSION"),
    (r"\d\d:\d\d:\d\d", "hh:mm:ss"),
    (r"0\.00\d\b", "0.00n"),
    (r"in \d+\.\d+s", "in n s"),
    (r"=+ (jobs of session SESSION|30 failed.*) =+", r"= \1 ="),
    (r"fugaku: \d+ files .* pushed to login:.*\n", ""),
)
COLUMNS = [80, 120]


@pytest.fixture
def sixty(project: FugakuProject) -> FugakuProject:
    """Three files of twenty tests."""
    for name in "abc":
        project.write(TWENTY, f"test_{name}.py")
    return project


def at_terminal(project: FugakuProject, columns: int, *options: str) -> Screen:
    command = [sys.executable, "-m", "pytest", "-p", "pjm.plugin", *project.words("--fugaku-emulate", *options)]
    variables = {**project.environment(), "TERM": "xterm", "PY_COLORS": "0", "COLUMNS": str(columns)}
    return watched(command, project.path, variables, columns)


def ours(lines: List[str]) -> str:
    """The lines after those about the collection."""
    start = next(number for number, line in enumerate(lines) if line.startswith("fugaku: session"))
    text = "\n".join(lines[start:]).rstrip() + "\n"
    for pattern, same in VARIES:
        text = re.sub(pattern, same, text)
    return text


@pytest.mark.parametrize("options", [(), ("-v",)], ids=["plain", "verbose"])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("tests_per_job", [20, 60], ids=["three jobs", "one job"])
def test_a_terminal_shows_results_as_pytest_does_and_cuts_nothing(
    sixty: FugakuProject,
    columns: int,
    tests_per_job: int,
    options: List[str],
    file_regression: FileRegressionFixture,
) -> None:
    sixty.emulate(nodes=1)  # jobs run one after another
    sixty.configure(tests_per_job=tests_per_job)

    screen = at_terminal(sixty, columns, "--tb=no", "-rN", *options)

    assert all(len(line) <= columns for line in screen.lines)
    assert any(
        re.fullmatch(r"fugaku: .*, [1-9]\d* of 60 tests done, .*node-hours.*|fugaku: [1-9]\d*/60 done, .*", line)
        for line in screen.live
    )
    assert not any(line.endswith(("longest", "wait", ",")) or len(line) >= columns for line in screen.live)
    file_regression.check(ours(screen.lines), extension=".txt")


@pytest.mark.parametrize("options", [(), ("-v",)], ids=["plain", "verbose"])
def test_a_file_gets_no_line_between_results(
    sixty: FugakuProject, options: List[str], file_regression: FileRegressionFixture
) -> None:
    sixty.emulate(nodes=1)
    sixty.configure(tests_per_job=20)

    ran = sixty.send("--tb=no", "-rN", *options, COLUMNS="80")

    text = re.sub(r"\d+ queued, \d+ running, \d+ of", "N queued, N running, N of", ran.out)
    file_regression.check(ours(text.splitlines()), extension=".txt")


def test_a_failed_test_says_where_it_ran_and_where_the_output_of_its_job_is(sixty: FugakuProject) -> None:
    ran = sixty.send("-k", "test_a and 12")

    (job, path) = re.findall(r"^-+ output of job (\d+) -+\n(.*)$", ran.out, re.M)[0]
    assert re.search(rf"^{job} +1  .* 1 of 1 failed$", ran.out, re.M), ran.out
    assert "1 failed" in (sixty.path / path).read_text()
    assert os.path.relpath(path) == path
