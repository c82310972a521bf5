"""`pjm wait`, `pjm cancel` and `pjm clean`: exit codes, what they say, and that nothing wanted is removed."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import pytest

from pjm.batch.scheduler import UnansweredError
from pjm.cli import main
from pjm.client import batch_system, session_commands
from pjm.follow import cancel_session
from pjm.follow.cancel_session import Cancelled
from pjm.sessions.session import Session
from tests.builders.locked_session import done_session, follow

Event = Tuple[str, Dict[str, object]]
PLANNED: Event = ("planned", {"job": "job-0"})
DONE: Event = ("done", {})
CANCELLED: Event = ("cancelled", {"jobs": []})


def exited(code: int) -> Event:
    return "exit", {"code": code}


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([PLANNED, DONE, exited(1)], 1),
        ([PLANNED, exited(0), DONE, exited(7)], 7),
        ([PLANNED, CANCELLED, exited(2)], 2),
        ([PLANNED, exited(0), CANCELLED], 2),
        ([PLANNED, DONE], None),
        ([PLANNED, exited(0), DONE], None),
        ([PLANNED, exited(0)], None),
        ([PLANNED, DONE, exited(0), PLANNED], None),
        ([], None),
    ],
)
def test_the_exit_code_of_a_session_that_is_over_is_known_and_of_another_pytest_is_asked(
    session: Session,
    events: Sequence[Event],
    code: Optional[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for event, fields in events:
        session.note(event, **fields)
    session.close()
    monkeypatch.setattr(session_commands, "_resume", lambda session: 99)

    waited = main(["wait", session.identity, f"--workdir={session.folder.parent}"])

    assert (99 if code is None else code) == waited
    said = "" if code is None else f"session {session.identity} ended with exit code {code}\n"
    assert said == capsys.readouterr().out


def test_a_record_that_makes_no_sense_is_said(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.note("planned", job="job-0")
    session.note("done")
    session.note("exit", code="x")
    session.close()

    assert 2 == main(["wait", f"--workdir={session.folder.parent}"])
    assert "makes no sense" in capsys.readouterr().err


def cancels(
    session: Session, answer: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tuple[int, List[str], List[str]]:
    """Exit code, output and errors of `pjm cancel`, if the batch system answers so."""

    def cancel(*_: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    session.note("planned", job="job-0")
    session.close()
    monkeypatch.setattr(batch_system, "of", lambda session: (None, None))
    monkeypatch.setattr(cancel_session, "cancel", cancel)
    code = main(["cancel", session.identity, f"--workdir={session.folder.parent}"])
    said = capsys.readouterr()
    return code, said.out.splitlines(), said.err.splitlines()


def test_many_jobs_are_not_all_named(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    many = Cancelled((), tuple(map(str, range(2000))), ())

    code, out, _ = cancels(session, many, monkeypatch, capsys)

    assert 0 == code
    assert out[0].startswith(f"session {session.identity}: 2000 jobs cancelled: 0, 1, 2, ")
    assert out[0].endswith(", 18, 19 and 1980 more")
    assert "  0.000 node-hours used, 0 of 0 tests have results" == out[1]


@pytest.mark.parametrize(
    ("answer", "happened", "why"),
    [
        (UnansweredError("pjdel: away"), "jobs may still run, because they could not be cancelled", "pjdel: away"),
        (Cancelled((), (), ("job-0",)), "1 job of session ", "the answer to the submission was lost"),
    ],
)
def test_what_may_still_run_ends_with_an_error_and_the_command_to_type_again(
    session: Session,
    answer: object,
    happened: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, err = cancels(session, answer, monkeypatch, capsys)

    assert 2 == code
    assert happened in err[0]
    assert why in err[1]
    assert f"pjm cancel {session.identity} --workdir=" in err[2]


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
