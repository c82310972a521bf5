"""The program of a job: all tests of a share run, whatever some of them do to the process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

import pytest

from pjm.job.assignment import FOLDER, PATH, SHARE, events_file, write_document
from pjm.job.events import BROKEN, Event, Tail
from pjm.job.share_events import Reading
from tests.builders.fugaku_project import ROOT, environment
from tests.builders.processes import PATIENCE

START = "import sys\nfrom pjm.job.worker import main\nsys.exit(main())"
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


@dataclass(frozen=True)
class Share:
    """A share of a job with tests of one file."""

    folder: Path

    def write(self, tests: Sequence[str], start: bool = False) -> None:
        text = TESTS % {"path": str(self.folder), "root": str(ROOT), "start": start}
        (self.folder / "test_it.py").write_text(text)
        (self.folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
        share = {"tests": [f"test_it.py::{name}" for name in tests], "files": [str(self.folder / "test_it.py")]}
        common = {
            "arguments": [],
            "places": ["test_it.py"],
            "artifacts": str(self.folder / "artifacts"),
            "environment": {"CI": "1"},
        }
        document = {
            "shares": [{**share, "resources": {"env": []}}],
            "worker": {**common, "path": start, "junit": "xunit2", "grace": 3.0},
        }
        write_document(self.folder, document)

    def run(self) -> int:
        ours = {FOLDER: str(self.folder), SHARE: "0", PATH: str(ROOT), "BUILD_NUMBER": "3"}
        command = [sys.executable, "-c", START]
        done = subprocess.run(
            command, cwd=self.folder, env={**environment(), **ours}, capture_output=True, timeout=PATIENCE, check=False
        )
        return done.returncode

    def events(self) -> List[Event]:
        return Tail(events_file(self.folder, 0)).read()

    def done(self) -> Dict[str, bool]:
        """The tests that are done, and whether they passed."""
        reading = Reading()
        reading.take(self.events())
        return {test.partition("::test_")[2]: passed for test, passed in reading.done.items()}


@pytest.fixture
def share(tmp_path: Path) -> Share:
    return Share(tmp_path)


def test_a_share_whose_tests_pass_succeeds_and_says_that_it_has_ended(share: Share) -> None:
    share.write(["test_passes", "test_is_alone"])

    assert 0 == share.run()
    assert {"passes": True, "is_alone": True} == share.done()
    assert "end" == share.events()[-1]["event"]


def test_the_folder_in_which_pytest_starts_is_on_the_import_path_if_it_was_at_the_client(share: Share) -> None:
    share.write(["test_is_alone"], start=True)

    assert (0, {"is_alone": True}) == (share.run(), share.done())


def test_a_test_that_takes_the_process_down_fails_and_the_others_run(share: Share) -> None:
    names = ["passes", "is_killed", "leaves", "exits", "fails", "is_missing"]
    share.write([f"test_{name}" for name in names])

    assert 1 == share.run()
    assert dict.fromkeys(names, False) == {**share.done(), "passes": False}
    crashes = {event["test"].partition("::test_")[2]: event for event in share.events() if event["event"] == "crash"}
    assert (
        "signal 9 (SIGKILL); SIGKILL usually comes from the kernel (out of memory) or the batch system"
        == (crashes["is_killed"]["how"])
    )
    assert [["Captured stdout call", "last words"]] == list(map(list, crashes["is_killed"]["printed"]))
    assert ("exit code 7", "_pytest.outcomes.Exit: enough") == (crashes["leaves"]["how"], crashes["exits"]["how"])
    assert 4 == sum(event["event"] == "begin" for event in share.events())


def test_a_job_that_is_started_again_runs_only_what_is_left(share: Share) -> None:
    share.write(["test_fails", "test_passes"])
    share.run()
    lines = events_file(share.folder, 0).read_bytes().splitlines(keepends=True)
    fails = next(number for number, line in enumerate(lines) if b'"event":"stop"' in line)
    events_file(share.folder, 0).write_bytes(b"".join(lines[: fails + 1]))

    assert 1 == share.run()
    starts = [event["test"] for event in share.events() if event["event"] == "start"]
    assert ["test_it.py::test_fails", "test_it.py::test_passes"] == starts


@pytest.mark.parametrize(
    ("death", "code"), [("os._exit(5)", 5), ("os._exit(0)", 1), ("os.kill(os.getpid(), signal.SIGILL)", 128 + 4)]
)
def test_a_pytest_that_completes_no_test_is_not_started_again(share: Share, death: str, code: int) -> None:
    share.write(["test_passes"])
    (share.folder / "conftest.py").write_text(f"import os, signal\n{death}\n")

    assert (code, {}) == (share.run(), share.done())


def test_results_that_cannot_be_written_end_the_job_with_a_code_of_its_own(share: Share) -> None:
    share.write(["test_passes"])
    events_file(share.folder, 0).parent.mkdir()
    events_file(share.folder, 0).symlink_to("/dev/full")
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full: nothing stands for a full disk")

    assert BROKEN == share.run()
