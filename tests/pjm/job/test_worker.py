"""The program of a job: all tests of a share run, whatever some of them do to the process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Sequence

import pytest

from pjm.job.assignment import events_file
from pjm.job.events import BROKEN
from tests.builders.fugaku_project import ROOT
from tests.builders.job_share import JobShare

TESTS = """
import os, signal, sys
import pytest

def test_passes(): pass
def test_fails(): assert False
def test_is_killed():
    print("last words")
    os.kill(os.getpid(), signal.SIGKILL)
def test_leaves(): os._exit(7)
def test_exits(): pytest.exit("enough")
def test_is_alone():
    assert [] == [name for name in os.environ if name.startswith("PYTEST_PJM")]
    assert "PYTHONPATH" not in os.environ
    assert ("1", None) == (os.environ.get("CI"), os.environ.get("BUILD_NUMBER"))
    assert (%(path)r in sys.path, %(root)r in sys.path) == (%(start)s, False)
"""


def write(share: JobShare, tests: Sequence[str], start: bool = False) -> None:
    share.write(TESTS % {"path": str(share.folder), "root": str(ROOT), "start": start}, tests, start)


@pytest.fixture
def share(tmp_path: Path) -> JobShare:
    return JobShare(tmp_path)


def test_a_share_whose_tests_pass_succeeds_and_says_that_it_has_ended(share: JobShare) -> None:
    write(share, ["test_passes", "test_is_alone"])

    assert 0 == share.run().code
    assert {"passes": True, "is_alone": True} == share.done()
    assert "end" == share.events()[-1]["event"]


def test_the_folder_in_which_pytest_starts_is_on_the_import_path_if_it_was_at_the_client(share: JobShare) -> None:
    write(share, ["test_is_alone"], start=True)

    assert (0, {"is_alone": True}) == (share.run().code, share.done())


def test_a_test_that_takes_the_process_down_fails_and_the_others_run(share: JobShare) -> None:
    names = ["passes", "is_killed", "leaves", "exits", "fails", "is_missing"]
    write(share, [f"test_{name}" for name in names])

    assert 1 == share.run().code
    assert dict.fromkeys(names, False) == {**share.done(), "passes": False}
    crashes = {event["test"].partition("::test_")[2]: event for event in share.events() if event["event"] == "crash"}
    assert (
        "signal 9 (SIGKILL); SIGKILL usually comes from the kernel (out of memory) or the batch system"
        == (crashes["is_killed"]["how"])
    )
    assert [["Captured stdout call", "last words"]] == list(map(list, crashes["is_killed"]["printed"]))
    assert ("exit code 7", "_pytest.outcomes.Exit: enough") == (crashes["leaves"]["how"], crashes["exits"]["how"])
    assert 4 == sum(event["event"] == "begin" for event in share.events())


def test_a_job_that_is_started_again_runs_only_what_is_left(share: JobShare) -> None:
    write(share, ["test_fails", "test_passes"])
    share.run()
    lines = events_file(share.folder, 0).read_bytes().splitlines(keepends=True)
    fails = next(number for number, line in enumerate(lines) if b'"event":"stop"' in line)
    events_file(share.folder, 0).write_bytes(b"".join(lines[: fails + 1]))

    assert 1 == share.run().code
    starts = [event["test"] for event in share.events() if event["event"] == "start"]
    assert ["test_it.py::test_fails", "test_it.py::test_passes"] == starts


@pytest.mark.parametrize(
    ("death", "code"), [("os._exit(5)", 5), ("os._exit(0)", 1), ("os.kill(os.getpid(), signal.SIGILL)", 128 + 4)]
)
def test_a_pytest_that_completes_no_test_is_not_started_again(share: JobShare, death: str, code: int) -> None:
    write(share, ["test_passes"])
    (share.folder / "conftest.py").write_text(f"import os, signal\n{death}\n")

    assert (code, {}) == (share.run().code, share.done())


def test_results_that_cannot_be_written_end_the_job_with_a_code_of_its_own(share: JobShare) -> None:
    write(share, ["test_passes"])
    events_file(share.folder, 0).parent.mkdir()
    events_file(share.folder, 0).symlink_to("/dev/full")
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full: nothing stands for a full disk")

    assert BROKEN == share.run().code
