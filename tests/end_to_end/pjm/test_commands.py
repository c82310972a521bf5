"""`pjm sessions`, `pjm show`, `pjm clean`."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pjm.cli import main
from pjm.sessions import index
from tests.builders.fugaku_project import PATIENCE, FugakuProject
from tests.builders.processes import wait_until

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
    assert wait_until(lambda: bool(list(project.workdir.glob("*/jobs/*/share-0/events.jsonl"))), PATIENCE)
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
    assert 2 == shown.count(" 1 tests, passed, queued ")
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


def test_what_is_not_there_is_said(project: FugakuProject, capsys: pytest.CaptureFixture[str]) -> None:
    workdir = f"--workdir={project.workdir}"

    assert 0 == main(["sessions", workdir])
    assert f"no sessions in {project.workdir}\n" == capsys.readouterr().out
    assert 2 == main(["show", workdir])
    assert "there is no session to come back to" in capsys.readouterr().err
    assert 2 == main(["clean", "../..", workdir])
    assert "there is no session ../.." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["sessions", "show", "clean"])
def test_the_help_of_each_command_has_examples_and_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])

    said = capsys.readouterr().out
    assert f"examples:\n  pjm {command}" in said
    assert "Exit codes: 0 done, 2 bad input" in said


def test_sessions_are_found_from_a_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = index.create(tmp_path / ".pjm", {"arguments": [], "checkout": {}}).identity
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "tests" / "deep")

    assert 0 == main(["sessions"])
    assert capsys.readouterr().out.startswith(identity)


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main([])
    assert "pjm clean --ended" in capsys.readouterr().out
