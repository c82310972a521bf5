"""The folder of all sessions: who may write to it, and which session an ID means."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import Optional

import pytest

from pjm.errors import BadInput
from pjm.sessions import index
from pjm.sessions.session import Session


def test_a_new_session_is_its_owners_alone_and_no_part_of_the_project(tmp_path: Path) -> None:
    workdir = tmp_path / "project" / ".pjm"

    session = index.create(workdir, {"arguments": [], "checkout": {}})

    assert index.IDENTITY.fullmatch(session.identity)
    assert [session.identity] == index.identities(workdir)
    folders = (workdir, session.folder, session.artifacts)
    assert [0o700] * 3 == [stat.S_IMODE(folder.stat().st_mode) for folder in folders]
    assert "*\n" == (workdir / ".gitignore").read_text()


def test_a_session_is_locked_before_anybody_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, readable = Session.lock, []

    def see(session: Session) -> None:
        readable.append((session.folder / "session.json").exists())
        lock(session)

    monkeypatch.setattr(Session, "lock", see)

    index.create(tmp_path, {"arguments": [], "checkout": {}})

    assert [False] == readable


@pytest.mark.parametrize(("mode", "refused"), [(0o777, True), (0o770, True), (0o755, False), (0o1777, False)], ids=str)
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    tmp_path.chmod(mode)
    fix = ""
    try:
        index.make_workdir(tmp_path)
    except BadInput as refusal:
        fix = refusal.fix

    assert refused == fix.startswith(f"type: chmod go-w {tmp_path}; or ")
    assert mode == stat.S_IMODE(tmp_path.stat().st_mode)


def test_a_file_is_no_folder_for_sessions(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadInput) as refusal:
        index.make_workdir(tmp_path / "file" / "inside")
    assert f"no session can be kept in {tmp_path / 'file' / 'inside'}" == refusal.value.what

    with pytest.raises(BadInput) as refusal:
        index.identities(tmp_path / "file")
    assert f"{tmp_path / 'file'} cannot be looked into for sessions" == refusal.value.what


@pytest.mark.parametrize(
    ("identity", "what"),
    [
        (None, "there is no session that submitted jobs"),
        ("20260101-000000-0000", "there is no session 20260101-000000-0000"),
        ("../..", "'../..' is no session"),
    ],
)
def test_a_session_that_is_not_there_is_not_found(session: Session, identity: Optional[str], what: str) -> None:
    with pytest.raises(BadInput) as refusal:
        index.find(session.folder.parent, identity)

    assert what == refusal.value.what


def test_the_latest_session_is_the_latest_that_came_to_jobs(session: Session) -> None:
    session.note("planned", job="x")
    time.sleep(0.01)
    index.create(session.folder.parent, {"arguments": [], "checkout": {}})

    assert session.identity == index.find(session.folder.parent, None).identity


def test_a_dry_run_that_was_taken_up_can_be_the_latest(tmp_path: Path) -> None:
    dry = index.create(tmp_path, {"arguments": [], "checkout": {}, "dry_run": True})
    dry.note("planned", job="x")

    assert dry.identity == index.find(tmp_path, None).identity


def test_a_session_that_cannot_be_read_may_be_the_latest(session: Session) -> None:
    (session.folder / "journal.jsonl").write_text("{\n{}\n{}\n")

    assert session.identity == index.find(session.folder.parent, None).identity
