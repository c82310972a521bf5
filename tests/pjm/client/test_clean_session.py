"""`pjm clean` removes what has ended and nothing that anybody may still want."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import Iterator, List

import pytest

from pjm.cli import main
from pjm.client import session_commands
from pjm.sessions.session import Session
from tests.builders.locked_session import done_session, follow


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return done_session(tmp_path)


def clean(session: Session, *arguments: str) -> int:
    return main(["clean", *arguments, f"--workdir={session.folder.parent}"])


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
    real, came_back = session_commands._remove, []

    def remove(folder: Path) -> None:
        came_back.append(follow(session).communicate(timeout=120)[1])
        real(folder)

    monkeypatch.setattr(session_commands, "_remove", remove)

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
