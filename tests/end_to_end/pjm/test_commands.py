"""`pjm sessions`, `pjm show`, `pjm clean`."""

from __future__ import annotations

import signal

import pytest

from pjm.cli import main
from tests.builders.fugaku_project import FugakuProject
from tests.builders.processes import until

TESTS = """
@pytest.mark.fugaku
def test_quick():
    pass

@pytest.mark.fugaku(nodes=2)
def test_slow():
    time.sleep(float(os.environ.get("SECONDS", "0")))
"""


@pytest.fixture
def done(project: FugakuProject) -> FugakuProject:
    project.write(TESTS)
    assert 0 == project.send("-q").code
    return project


@pytest.fixture
def left(project: FugakuProject) -> FugakuProject:
    """A session whose client was killed."""
    project.write(TESTS.replace('os.environ.get("SECONDS", "0")', '"600"'))
    process = project.start("--fugaku", "--fugaku-emulate")
    until(lambda: list(project.workdir.glob("*/jobs/*/share-0/events.jsonl")))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return project


def test_a_finished_session_is_listed_shown_and_removed(
    done: FugakuProject, capsys: pytest.CaptureFixture[str]
) -> None:
    workdir, identity = f"--workdir={done.workdir}", done.session().name

    assert 0 == main(["sessions", workdir])
    assert (
        f"{identity}  done        2 of 2 tests have results, 2 jobs, -p pjm.plugin --fugaku" in capsys.readouterr().out
    )
    assert 0 == main(["show", workdir])
    shown = capsys.readouterr().out
    assert f"session {identity}: done" in shown
    assert 2 == shown.count(" 1 test, passed, queued ")
    assert 0 == main(["clean", "--ended", workdir])
    assert f"removed {identity}\n" == capsys.readouterr().out
    assert not (done.workdir / identity).exists()


def test_an_unfinished_session_says_how_to_come_back_and_is_not_removed(
    left: FugakuProject, capsys: pytest.CaptureFixture[str]
) -> None:
    workdir, identity = f"--workdir={left.workdir}", left.session().name

    assert 0 == main(["show", identity, workdir])
    shown = capsys.readouterr().out
    assert "  no result yet: test_it.py::test_slow\n" in shown
    assert f"  next: pytest --fugaku-resume={identity} --fugaku-workdir={left.workdir}\n" in shown
    assert 0 == main(["clean", "--ended", workdir])
    assert 2 == main(["clean", identity, workdir])
    assert f"session {identity} is unfinished" in capsys.readouterr().err
    assert 0 == main(["clean", "--force", identity, workdir])
    assert not (left.workdir / identity).exists()
