"""The session folder: what was noted is there for the next client, whatever became of the one before."""

from __future__ import annotations

import errno
import os
from typing import Callable, List

import pytest

from pjm.errors import BadInput
from pjm.follow import resume
from pjm.follow.deletion import Deletions
from pjm.sessions import index
from pjm.sessions.session import Session, read_facts
from pjm.sessions.summary import summarize
from tests.builders.made_up_scheduler import MadeUpScheduler


def noted(session: Session) -> List[object]:
    return [record["event"] for record in session.journal()]


def come_back(session: Session) -> Session:
    """The client died, and another one takes the session up."""
    session.close()
    return index.find(session.folder.parent, session.identity)


def writing_only(sizes: List[int]) -> Callable[[int, bytes], int]:
    """os.write as it is while the disk fills up: so many bytes, and then none."""
    real = os.write

    def write(handle: int, data: bytes) -> int:
        if not sizes:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, bytes(data)[: sizes.pop(0)])

    return write


def test_a_torn_line_is_taken_back_by_the_next_client_and_harms_none_after_it(session: Session) -> None:
    session.note("planned", job="x")
    with (session.folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event":"subm')

    second = come_back(session)
    assert ["planned"] == noted(second)
    second.note("cancelling", jobs=[])
    third = come_back(second)

    assert ["planned", "cancelling"] == noted(third)


def test_a_record_that_is_written_in_two_goes_is_one_record(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", writing_only([10, 1000]))
        session.note("submitting", job="x")
    session.note("submitted", job="x", ids=["1"])

    assert ["submitting", "submitted"] == noted(session)


def test_a_record_that_does_not_fit_on_the_disk_is_said_and_leaves_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.note("planned", job="x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", writing_only([10]))
        with pytest.raises(OSError, match="No space left"):
            session.note("submitting", job="x")
    session.note("submitted", job="x", ids=["1"])

    assert ["planned", "submitted"] == noted(session)


DAMAGE = {
    "empty": b"",
    "truncated": b'{"schema": 1, "arguments": [',
    "not UTF-8": b'{"schema": "\xff"}',
    "NUL": b"\0\0\0",
    "a list": b"[]",
    "nested": b"[" * 200_000 + b"]" * 200_000,
    "NaN": b'{"schema": NaN}',
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_files_of_a_session_are_named(name: str, session: Session) -> None:
    (session.folder / "session.json").write_bytes(DAMAGE[name])
    (session.folder / "journal.jsonl").write_bytes((DAMAGE[name] or b"{}") + b"\n{}\n{}\n")

    for file, read in (("session.json", lambda: come_back(session)), ("journal.jsonl", session.journal)):
        with pytest.raises(BadInput) as caught:
            read()
        assert f"{session.folder / file} is corrupt" == caught.value.what
        assert "then remove it and start again: pjm clean --force " in caught.value.fix


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_plan_of_a_job_does_not_hide_the_session(name: str, session: Session) -> None:
    session.note("planned", job="x")
    session.job_folder("x").mkdir(parents=True)
    (session.job_folder("x") / "job.json").write_bytes(DAMAGE[name])

    with pytest.raises(BadInput) as caught:
        resume.restored(session, Deletions(session, MadeUpScheduler()))
    assert f"session {session.identity} is corrupt" == caught.value.what
    assert 1 == summarize(session)["jobs"]


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ('{"schema": 99, "pjm": "9.9"}', "session {} is of a newer version"),
        ('{"schema": 1}', "session.json is corrupt"),
        ('{"arguments": [], "checkout": {}}', "session.json is corrupt"),
    ],
)
def test_facts_of_another_version_are_refused(session: Session, facts: str, what: str) -> None:
    (session.folder / "session.json").write_text(facts)

    with pytest.raises(BadInput) as caught:
        come_back(session)

    assert caught.value.what.endswith(what.format(session.identity))


def test_somebody_elses_session_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: session.folder.stat().st_uid + 1)

    with pytest.raises(BadInput) as caught:
        come_back(session)

    assert f"session {session.identity} belongs to another user" == caught.value.what


@pytest.mark.parametrize("file", ["session.json", "journal.jsonl"])
def test_a_file_that_cannot_be_read_is_not_called_damaged(file: str, session: Session) -> None:
    path = session.folder / file
    path.unlink(missing_ok=True)
    path.mkdir()

    with pytest.raises(BadInput) as caught:
        read_facts(session.folder) if file == "session.json" else session.journal()

    assert f"session {session.identity} cannot be read now" == caught.value.what
    assert "clean" not in caught.value.fix
