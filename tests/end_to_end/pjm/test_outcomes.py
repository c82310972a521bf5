"""Every kind of outcome, in jobs as here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from tests.builders import junit
from tests.builders.fugaku_project import FugakuProject, Ran

CRASHES = {
    "test_killed_by_a_signal": (
        "failure",
        "in its call phase: signal 9 (SIGKILL); SIGKILL usually comes from the kernel (out of memory)",
    ),
    "test_segmentation_fault": ("failure", "in its call phase: signal 11 (SIGSEGV)"),
    "test_leaves_at_once": ("failure", "in its call phase: exit code 0"),
    "test_leaves_at_once_with_a_code": ("failure", "in its call phase: exit code 7"),
    "test_dies_in_teardown": ("error", "in its teardown phase: exit code 1"),
    "test_dies_in_setup": ("error", "in its setup phase: exit code 1"),
    "test_is_interrupted": ("failure", "in its call phase: KeyboardInterrupt"),
    "test_takes_too_long": ("failure or error", "elapse"),
}


@pytest.fixture(scope="module")
def here(outcomes: FugakuProject) -> Ran:
    """Run by plain pytest."""
    elsewhere = ("-o", "cache_dir=cache")  # the jobs do not know the times, with which all tests would be in one job
    return outcomes.run("-rA", "-v", "--durations=3", "--junitxml=here.xml", *elsewhere, *_local_modules(outcomes))


@pytest.fixture(scope="module")
def in_jobs(outcomes: FugakuProject) -> Ran:
    """Run as jobs, together with what plain pytest does not survive."""
    outcomes.emulate(groups={"small": {"elapse_min": 1}})
    modules = [*_local_modules(outcomes), "crashing.py"]
    return outcomes.send("-rA", "-v", "--durations=3", "--junitxml=jobs.xml", *_jobs_python(), *modules)


def _jobs_python() -> List[str]:
    """Options that name another interpreter for the jobs, if the environment does: `tox run -e a64fx`."""
    python, prologue = (os.environ.get(f"PJM_JOBS_{name}") for name in ("PYTHON", "PROLOGUE"))
    return [f"--fugaku-python={python}", "-o", f"fugaku_prologue={prologue}"] if python and prologue else []


def _local_modules(outcomes: FugakuProject) -> List[str]:
    return ["doctests.txt", "package", *(sorted(path.name for path in outcomes.path.glob("test_*.py")))]


def _cases(path: Path, crashing: bool) -> Dict[Tuple[str, str], junit.Element]:
    found = {}
    for case in junit.read(path)[2]:
        names = dict(case[1])
        if (names["classname"] == "crashing") == crashing:
            found[names["classname"], names["name"]] = case
    return found


def test_there_is_enough_to_compare(outcomes: FugakuProject, here: Ran) -> None:
    assert 60 <= len(_cases(outcomes.path / "here.xml", crashing=False))


def test_every_outcome_is_the_same(outcomes: FugakuProject, here: Ran, in_jobs: Ran) -> None:
    expected = _cases(outcomes.path / "here.xml", crashing=False)

    assert expected == _cases(outcomes.path / "jobs.xml", crashing=False)
    assert junit.read(outcomes.path / "here.xml")[1] == junit.read(outcomes.path / "jobs.xml")[1]
    assert here.code == in_jobs.code == 1


def test_the_lines_of_the_summary_are_the_same(here: Ran, in_jobs: Ran) -> None:
    words = ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL", "XPASS", "SUBFAILED")

    def summary(ran: Ran) -> List[str]:
        lines = ran.out.partition("short test summary info")[2].splitlines()
        # A fixture that is not there has no message where its report was made elsewhere, as with xdist.
        return sorted(
            line for line in lines if line.startswith(words) and "crashing" not in line and "unknown_fix" not in line
        )

    assert summary(here) == summary(in_jobs)


def test_warnings_arrive(here: Ran, in_jobs: Ran) -> None:
    for warning in ("UserWarning: mind the gap", "OwnWarning: mind me"):
        assert warning in here.out
        assert warning in in_jobs.out


def test_durations_arrive(in_jobs: Ran) -> None:
    assert "slowest 3 durations" in in_jobs.out


@pytest.mark.parametrize("name", CRASHES)
def test_a_test_that_takes_its_process_down_fails_and_says_how(
    outcomes: FugakuProject, in_jobs: Ran, name: str
) -> None:
    case = _cases(outcomes.path / "jobs.xml", crashing=True)["crashing", name]
    kind, words = CRASHES[name]

    (found,) = (child for child in case[3] if child[0] in ("failure", "error"))

    assert found[0] in kind
    assert words in dict(found[1])["message"]


def test_what_a_test_printed_before_it_took_its_process_down_is_shown(outcomes: FugakuProject, in_jobs: Ran) -> None:
    case = _cases(outcomes.path / "jobs.xml", crashing=True)["crashing", "test_killed_by_a_signal"]
    (printed,) = (child[2] for child in case[3] if child[0] == "system-out")

    assert "last words" in printed
    assert "Captured stdout call" in in_jobs.out.partition("_ test_killed_by_a_signal _")[2].partition("\n____")[0]


@pytest.mark.parametrize("name", ["test_before", "test_between", "test_after"])
def test_the_tests_around_those_pass(outcomes: FugakuProject, in_jobs: Ran, name: str) -> None:
    case = _cases(outcomes.path / "jobs.xml", crashing=True)["crashing", name]

    assert [] == [child for child in case[3] if child[0] in ("failure", "error", "skipped")]


def test_nothing_hostile_was_run(outcomes: FugakuProject, in_jobs: Ran) -> None:
    assert [] == list(outcomes.path.rglob("hacked"))
