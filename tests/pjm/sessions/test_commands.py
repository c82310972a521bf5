"""`pjm sessions` lists what there is, and `pjm show` reads it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from pjm.cli import main
from pjm.sessions import index
from pjm.sessions.session import Session
from tests.builders.locked_session import done_session, follow


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return done_session(tmp_path)


def listed(session: Session, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert 0 == main(["sessions", f"--workdir={session.folder.parent}"])
    return capsys.readouterr().out


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
    said = capsys.readouterr().err
    assert f"cannot be read now\n  why: {os.strerror(errno.EISDIR)}: {session.folder}" in said


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
