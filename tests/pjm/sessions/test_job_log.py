"""`pjm log` prints what one test has printed, and its job's output, and nothing that a terminal would obey."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.cli import main
from pjm.job.assignment import share_folder, write_document
from pjm.job.events import EventLog
from pjm.sessions.job_log import printable
from pjm.sessions.session import Session
from tests.builders.made_up_scheduler import passed, write_results

A, B, C = "tests/test_it.py::TestIt::test_a", "tests/test_it.py::test_b[1]", "tests/test_it.py::test_b[x::y]"


@pytest.fixture
def job(session: Session) -> Path:
    """A job with three tests that ended with id 77."""
    return submit(session, "job-0", "77")


def submit(session: Session, name: str, job_id: str) -> Path:
    folder = session.job_folder(name)
    folder.mkdir()
    write_document(folder, {"shares": [{"tests": [A, B, C]}]})
    session.note("planned", job=name)
    session.note("submitted", job=name, ids=[job_id])
    return folder


def log(job: Path, *arguments: str) -> int:
    return main(["log", *arguments, f"--workdir={job.parents[2]}"])


@pytest.mark.parametrize("name", [A, "test_it.py::TestIt::test_a", "TestIt::test_a", "test_a"])
def test_a_test_is_named_by_its_node_id_or_by_the_end_of_it(
    job: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_results(job, 0)
    share_folder(job, 0).with_suffix(".out").write_text("of the job")
    share_folder(job, 0).with_suffix(".err").write_text("bad\n")

    assert 0 == log(job, name)
    assert [
        f"{A}: passed, in job 77",
        f"--- standard output of the job: {job / 'share-0.out'}",
        "of the job",
        f"--- standard error of the job: {job / 'share-0.err'}",
        "bad",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("name", "happened", "nexts"),
    [
        ("test_b", "has 2 tests that are called 'test_b'", (B, C)),
        ("test_c", "has sent no test that is called 'test_c'", (A,)),
        ("tets_it.py::test_b[1]", "has sent no test that is called", (B,)),
        ("b[x", "has sent no test that is called", (C,)),
        ("nothing of it", "has sent no test that is called", ("pjm show",)),
    ],
)
def test_a_name_of_none_or_of_several_is_refused_with_commands_that_do_it(
    job: Path, name: str, happened: str, nexts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == log(job, name)
    said = capsys.readouterr().err.splitlines()

    assert happened in said[0]
    for text in nexts:
        assert text in said[2]


def test_what_the_test_itself_has_printed_is_told_apart(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    share_folder(job, 0).mkdir()
    events = EventLog(share_folder(job, 0) / "events.jsonl")
    events.write("begin")
    events.write("start", test=A)
    events.write("report", data=passed(A, "call", "failed"))
    section = ("Captured stdout call", "\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n")
    events.write("report", data={**passed(A, "teardown"), "sections": [section]})
    events.write("stop", test=A)
    events.write("start", test=B)
    events.write("phase", test=B, when="call")
    (share_folder(job, 0) / "captured.stderr").write_text("so far")

    assert 0 == log(job, A)
    assert [f"{A}: failed, in job 77", "--- Captured stdout call", r"red\x1b]0;title\x07"] == (
        capsys.readouterr().out.splitlines()[:3]
    )
    assert 0 == log(job, B)
    assert [f"{B}: in its call phase, in job 77", "--- Captured stderr call", "so far"] == (
        capsys.readouterr().out.splitlines()[:3]
    )
    assert 0 == log(job, C)
    assert f"{C}: not begun, in job 77" == capsys.readouterr().out.splitlines()[0]


def test_of_a_test_that_was_tried_again_the_job_in_which_it_began_last_is_shown(
    job: Path, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    write_results(job, 0)
    again = submit(session, "job-1", "78")

    assert 0 == log(job, A)
    shown = capsys.readouterr().out.splitlines()
    assert f"{A}: passed, in job 77" == shown[0]
    assert f"--- it was submitted in another job as well: {again}" == shown[-1]

    write_results(again, 0)

    assert 0 == log(job, A)
    assert f"{A}: passed, in job 78" == capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("record", "state"),
    [
        ({"event": "missing", "test": A, "why": "no such file", "outcome": "failed"}, "not found (no such file)"),
        ({"event": "crash", "test": A, "how": "signal 11", "printed": [("Captured", "last")]}, "took its process down"),
    ],
)
def test_a_test_that_has_no_report_says_why(
    job: Path, record: dict[str, object], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    share_folder(job, 0).mkdir()
    events = EventLog(share_folder(job, 0) / "events.jsonl")
    events.write("begin")
    events.write("start", test=A)
    events.write(**record)  # type: ignore[arg-type]

    assert 0 == log(job, A)
    assert f"{A}: {state}" in capsys.readouterr().out.splitlines()[0]


def test_a_job_without_an_output_file_and_damaged_records_are_said(
    job: Path, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == log(job, A)
    assert f"{job / 'share-0.out'}: No such file" in capsys.readouterr().out

    write_document(job, {"shares": 1})

    assert 2 == log(job, A)
    assert "makes no sense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, ümläut, 日本\n\t", "plain, ümläut, 日本\n\t"),
        ("a\rb\r\nc", "a\nb\nc"),
        ("\x1b[1;31mred\x1b[m", "red"),
        ("\x1b[2J\x07\x00\x7f", r"\x1b[2J\x07\x00\x7f"),
        ("\x9b2J\x85\u202egpj.exe\udc80", r"\x9b2J\x85\u202egpj.exe\udc80"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, expected: str) -> None:
    assert expected == printable(text)
