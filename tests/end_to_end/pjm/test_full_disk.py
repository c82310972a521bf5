"""The disk of the session folder fills up under the client: jobs are deleted all the same, and nothing is lost."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pjm.batch.scheduler import AnswerLostError
from pjm.follow.deletion import Deletions
from tests.builders.fugaku_project import FugakuProject
from tests.end_to_end.pjm.test_watch import Following, settings_of, tasks

SLOW = """
@pytest.mark.fugaku
def test_is_slow():
    time.sleep(float(os.environ.get("PJM_JOBID") and 2))

def test_here():
    if os.environ.get("FULL") == "cancelling":
        pytest.exit("enough")
"""
# Notes of one kind find no room, in the client only.
FULL = """
from pjm.sessions.session import Session

real = Session.note

def note(self, event, **fields):
    if event == os.environ.get("FULL"):
        raise OSError(28, "No space left on device")
    real(self, event, **fields)

Session.note = note
"""
NO_ROOM_FOR_PLANS = """
from pjm.plan import job_folder

def write_document(folder, document):
    raise OSError(28, "No space left on device", str(folder))

job_folder.write_document = write_document
"""


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with two tests."""
    return Following(tmp_path, tasks(2), settings_of(tmp_path))


def fill(one: Following, patch: pytest.MonkeyPatch) -> None:
    def note(event: str, **fields: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(one.session, "note", note)


def test_jobs_are_cancelled(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.begin()
    fill(one, monkeypatch)

    assert ("1.0",) == one.watch.cancel()
    assert [("1.0",)] == one.scheduler.cancelled


def test_a_job_in_doubt_is_cancelled(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    one.scheduler.refusals = [AnswerLostError("hung")]
    one.begin()
    one.scheduler.known[one.watch.jobs[0].name] = ("77.0",)
    fill(one, monkeypatch)

    assert ("77.0",) == one.watch.cancel()
    assert [("77.0",)] == one.scheduler.cancelled


def test_what_has_to_go_is_deleted(one: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(one, monkeypatch)

    assert Deletions(one.session, one.scheduler).add(["1.0"])
    assert [("1.0",)] == one.scheduler.cancelled


def test_whoever_wants_an_end_gets_it(project: FugakuProject) -> None:
    project.write(SLOW)
    project.write(FULL, "conftest.py")

    ran = project.send(FULL="cancelling")

    assert 2 == ran.code, ran.out
    assert "fugaku: 1 jobs cancelled; 0 of 1 tests" in ran.out
    assert 1 == len(project.calls("pjdel"))


def test_a_session_that_cannot_be_written_says_so_and_is_there_for_later(project: FugakuProject) -> None:
    project.write(SLOW)
    project.write(FULL, "conftest.py")

    stopped = project.send(FULL="submitted")
    resumed = project.run("--fugaku-resume")

    assert 4 == stopped.code, stopped.out
    assert "cannot go on\n  why: a file cannot be written: No space left on device: " in stopped.out
    assert f"fugaku: 1 jobs run on; come back with: pytest --fugaku-resume={project.session().name}" in stopped.out
    assert "Traceback" not in stopped.out
    assert (0, {"passed": 2}) == (resumed.code, resumed.counts()), resumed.out
    assert 1 == len(project.submissions())


def test_a_dry_run_without_room_for_its_scripts_says_so(project: FugakuProject) -> None:
    project.write(SLOW)
    project.write(NO_ROOM_FOR_PLANS, "conftest.py")

    stopped = project.run("--fugaku-dry-run", "--fugaku-emulate")

    assert 4 == stopped.code, stopped.out
    assert "a file cannot be written: No space left on device: " in stopped.out
    assert "quota there; then type the same again" in stopped.out
    assert "Traceback" not in stopped.out
    assert [] == project.submissions()
