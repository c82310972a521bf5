"""The disk of the session folder fills up under the client: jobs are deleted all the same, and nothing is lost."""

from __future__ import annotations

from tests.builders.fugaku_project import FugakuProject

SLOW = """
@pytest.mark.fugaku
def test_is_slow():
    while not os.path.exists("go"):
        time.sleep(0.02)

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


def test_whoever_wants_an_end_gets_it(project: FugakuProject) -> None:
    project.write(SLOW)
    project.write(FULL, "conftest.py")

    ran = project.send(FULL="cancelling")

    assert 2 == ran.code, ran.out
    assert "fugaku: 1 job cancelled; 0 of 1 tests" in ran.out
    assert 1 == len(project.calls("pjdel"))


def test_a_session_that_cannot_be_written_says_so_and_is_there_for_later(project: FugakuProject) -> None:
    project.write(SLOW)
    project.write(FULL, "conftest.py")

    stopped = project.send(FULL="submitted")
    (project.path / "go").touch()
    resumed = project.run("--fugaku-resume")

    assert 4 == stopped.code, stopped.out
    assert "cannot go on\n  why: a file cannot be written: No space left on device: " in stopped.out
    assert f"fugaku: 1 job still running; continue with: pytest --fugaku-resume={project.session().name}" in stopped.out
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
