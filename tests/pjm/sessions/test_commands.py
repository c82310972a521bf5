"""`pjm clean` removes what has ended and nothing that anybody may still want; `pjm show` reads what there is."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest

from pjm.cli import main
from pjm.sessions import commands, index
from pjm.sessions.session import Session

FOLLOW = """
import fcntl, sys
file = open(sys.argv[1], "r+")
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit("in use")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """One that is done, and that nobody follows."""
    made = index.create(tmp_path, {"arguments": [], "checkout": {}})
    made.note("planned", job="x")
    made.note("done")
    made.close()
    return made


def clean(session: Session, *arguments: str) -> int:
    return main(["clean", *arguments, f"--workdir={session.folder.parent}"])


def follow(session: Session) -> subprocess.Popen[str]:
    """Another process that wants the session's lock."""
    return subprocess.Popen(
        [sys.executable, "-c", FOLLOW, str(session.folder / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def followed(session: Session) -> Iterator[None]:
    with follow(session) as other:
        assert other.stdout is not None
        assert "locked\n" == other.stdout.readline()
        yield
        other.communicate()


def test_of_a_session_that_ended_nothing_is_left(session: Session) -> None:
    assert 0 == clean(session, "--ended")

    assert not session.folder.exists()


@pytest.mark.parametrize("file", ["journal.jsonl", "session.json"])
def test_a_session_that_cannot_be_read_is_removed_by_force_only(
    session: Session, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (session.folder / file).write_text('{"eve\n{"event":"done"}\n')

    assert 0 == clean(session, "--ended")
    assert session.folder.exists()
    assert 2 == clean(session, session.identity)
    assert session.folder.exists()
    said = capsys.readouterr().err
    assert f"session {session.identity} is unreadable" in said
    assert f"pjm clean --force {session.identity}" in said
    assert 0 == clean(session, session.identity, "--force")
    assert not session.folder.exists()


def test_a_session_that_somebody_follows_is_not_removed(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # it waits for a lock that does not come

    with followed(session):
        assert 0 == clean(session, "--ended")
        assert 2 == clean(session, session.identity)

    assert session.folder.exists()
    assert f"session {session.identity} is in use" in capsys.readouterr().err


def test_nobody_comes_back_to_a_session_while_it_is_being_removed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, came_back = commands._remove, []

    def remove(folder: Path) -> None:
        came_back.append(follow(session).communicate(timeout=120)[1])
        real(folder)

    monkeypatch.setattr(commands, "_remove", remove)

    assert 0 == clean(session, "--ended")
    assert ["in use\n"] == came_back


def test_where_files_cannot_be_locked_sessions_are_not_in_use(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lockf(handle: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", lockf)

    assert 0 == main(["show", f"--workdir={session.folder.parent}"])
    assert f"session {session.identity}: done" in capsys.readouterr().out
    assert 2 == clean(session, session.identity)
    said: List[str] = capsys.readouterr().err.splitlines()
    assert f"session {session.identity} cannot be locked" in said[0]
    assert f"  why: No locks available: {session.folder / 'lock'}" == said[1]
    assert 0 == clean(session, session.identity, "--force")


def listed(session: Session, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert 0 == main(["sessions", f"--workdir={session.folder.parent}"])
    return capsys.readouterr().out


def test_a_session_with_a_job_that_could_not_be_deleted_is_kept_until_it_was(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    session.note("deleting", ids=["1", "2"])
    session.note("deleted", ids=["2"])
    session.note("done")
    session.close()

    assert f"{session.identity}  unfinished " in listed(session, capsys)
    assert 0 == clean(session, "--ended")
    assert session.folder.exists()

    session.note("deleting", ids=["3"])
    session.note("deleted", ids=["1", "3"])
    session.close()

    assert f"{session.identity}  done " in listed(session, capsys)
    assert 0 == clean(session, "--ended")
    assert not session.folder.exists()


def test_who_comes_back_is_not_refused_because_somebody_looks_whether_it_is_in_use(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with follow(session) as other:
        assert other.stdout is not None
        assert "locked\n" == other.stdout.readline()
        # The other one lets go as soon as we wait for it.
        monkeypatch.setattr("time.sleep", lambda seconds: other.communicate())

        session.lock()

    assert f"process {os.getpid()} on " in (session.folder / "lock").read_text()
    session.close()


def test_a_journal_that_cannot_be_read_is_said(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    (session.folder / "journal.jsonl").unlink()
    (session.folder / "journal.jsonl").mkdir()

    assert 2 == main(["show", f"--workdir={session.folder.parent}"])
    assert f"the file cannot be read: {os.strerror(errno.EISDIR)}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "jobs", [1, [1], [{"tests": 1}], [{"queued_seconds": "x"}], [{"ran_seconds": [1]}], {"a": 1}, "", "[" * 200_000]
)
def test_jobs_that_make_no_sense_are_not_shown(
    session: Session, jobs: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (session.folder / "jobs.json").write_text(jobs if isinstance(jobs, str) else json.dumps({"jobs": jobs}))

    assert 0 == main(["show", f"--workdir={session.folder.parent}"])
    assert "  job " not in capsys.readouterr().out


@pytest.mark.parametrize("created", ["yesterday", None, [], 1e300])
def test_a_session_that_does_not_say_when_it_began_is_shown(
    session: Session, created: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (session.folder / "session.json").write_text(json.dumps({**session.facts, "created": created}))

    assert 0 == main(["show", f"--workdir={session.folder.parent}"])
    assert "  begun at some time\n" in capsys.readouterr().out


def test_what_a_terminal_would_obey_is_shown_instead(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.note("settled", tests={"test_a": "its job said \x1b]0;title\x07"})

    assert 0 == main(["show", f"--workdir={session.folder.parent}"])
    assert r"  test_a: its job said \x1b]0;title\x07" in capsys.readouterr().out


def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workdir = f"--workdir={tmp_path}"

    assert 0 == main(["sessions", workdir])
    assert f"no sessions in {tmp_path}\n" == capsys.readouterr().out
    assert 2 == main(["show", workdir])
    assert "there is no session that submitted jobs" in capsys.readouterr().err
    assert 2 == main(["clean", "../..", workdir])
    assert "there is no session ../.." in capsys.readouterr().err


def test_sessions_are_found_from_a_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = index.create(tmp_path / ".pjm", {"arguments": [], "checkout": {}}).identity
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "tests" / "deep")

    assert 0 == main(["sessions"])
    assert capsys.readouterr().out.startswith(identity)


def test_a_session_of_records_that_make_no_sense_does_not_hide_the_others(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    other = index.create(session.folder.parent, {"arguments": ["--fugaku"], "checkout": {}})
    other.close()
    with (session.folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event":"planned"}\n')

    said = listed(session, capsys)

    assert f"{session.identity}  unreadable: {session.folder / 'journal.jsonl'} is corrupt" in said
    assert f"{other.identity}  done " in said
    assert 2 == main(["show", session.identity, f"--workdir={session.folder.parent}"])
    assert "makes no sense" in capsys.readouterr().err
