"""Command lines: options in all spellings."""

from __future__ import annotations

from typing import List

import pytest

from pjm.emulator.commands.getopt import Option, scan
from pjm.emulator.machine.messages import Refusal


def test_options_in_each_of_their_spellings() -> None:
    known = {
        "-a": Option("a"),
        "-b": Option("b"),
        "-v": Option("v", "value"),
        "--value": Option("v", "value"),
        "-z": Option("z", "maybe", "jid"),
    }
    words = ["-ab", "-v1", "one", "-v", "2", "--value=3=4", "--value", "5", "-z", "jid", "-z", "two", "--", "-a"]

    given, others = scan(words, known)

    values = [("v", "1"), ("v", "2"), ("v", "3=4"), ("v", "5")]
    assert [("a", ""), ("b", ""), *values, ("z", "jid"), ("z", "")] == given
    assert ["one", "two", "-a"] == others


@pytest.mark.parametrize("words", [["-x"], ["--a"], ["-v"], ["-a=1"]])
def test_options_that_are_none(words: List[str]) -> None:
    with pytest.raises(Refusal):
        scan(words, {"-a": Option("a"), "-v": Option("v", "value")})
