"""PJM's message lines are found among banners, with or without the dot and the name of the command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.batch.pjm.messages import Message, errors, explained, messages


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[INFO] PJM 0000 pjsub Job 12 submitted.", Message("INFO", "0000", "pjsub", "Job 12 submitted.")),
        ("[INFO.] PJM 0000 Job 12_0 submitted", Message("INFO", "0000", "", "Job 12_0 submitted")),
        (
            "[ERR.] PJM 0090 pjsub PJM daemon is not present. ",
            Message("ERR", "0090", "pjsub", "PJM daemon is not present."),
        ),
        ("[ERR] PJM 0091 pjsub Internal error: 3.\r", Message("ERR", "0091", "pjsub", "Internal error: 3.")),
        ("[WARN] PJM 0024 pjsub Too many", Message("WARN", "0024", "pjsub", "Too many")),
        ("  [NOTE] PJM 0001 pjstat", Message("NOTE", "0001", "pjstat", "")),
    ],
)
def test_a_line_is_taken_apart(line: str, message: Message) -> None:
    assert (message,) == messages(f"Welcome [ERR.]\n{line}\nPJM 0001 is no message\n")


def test_errors_are_told_from_the_rest() -> None:
    text = "[INFO] PJM 0100 pjdel Accepted job 1.\n[ERR.] PJM 0112 pjdel Job 2 does not exist.\n"

    assert ["PJM 0112: Job 2 does not exist."] == [str(message) for message in errors(text)]


def test_the_lines_after_an_error_belong_to_it() -> None:
    text = (
        "motd\n[WARN] PJM 0024 pjsub Too many\n[ERR.] PJM 0002 pjsub Invalid combination: options\n 'a' and 'b'\n"
        "'c' and 'd'\nTry `pjsub --help` for more information.\n[INFO] PJM 0000 pjsub Job 1 submitted.\n\n"
    )

    assert "PJM 0002: Invalid combination: options / 'a' and 'b' / 'c' and 'd'" == explained(text)
    assert "" == explained("motd\n")
    assert 500 == len(explained("[ERR.] PJM 0002 pjsub x\n" + "y\n" * 500))


@given(st.text())
def test_no_text_stops_the_parser(text: str) -> None:
    assert len(messages(text)) <= text.count("PJM")
