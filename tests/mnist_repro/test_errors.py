"""An error is read in three parts, and nothing in it controls a terminal."""

from __future__ import annotations

import pytest

from mnist_repro.errors import BadInput, escaped


def test_an_error_is_its_three_parts() -> None:
    error = BadInput("a.gz is empty", "5 bytes belong there", "fetch it")

    assert "a.gz is empty\n  why: 5 bytes belong there\n  next: fetch it" == str(error)
    assert ("a.gz is empty", "5 bytes belong there", "fetch it") == (error.what, error.why, error.fix) == error.args


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("a\x7fb\x9bc", r"a\x7fb\x9bc"),
        ("a\u202egnp.b", r"a\u202egnp.b"),
        ("zwölf 数字 ☃", "zwölf 数字 ☃"),
    ],
)
def test_a_name_does_not_control_the_terminal(name: str, shown: str) -> None:
    assert shown == escaped(name)
    assert [shown, "  why: ", "  next: "] == str(BadInput(name, "", "")).split("\n")


def test_the_last_words_of_a_process_keep_their_lines_and_nothing_else() -> None:
    error = BadInput("it died", "its last words were:\n    one\n    \x1b[31mtwo", "try again")

    assert "it died\n  why: its last words were:\n    one\n    \\x1b[31mtwo\n  next: try again" == str(error)
