"""Compares what a page says that a command prints with what it prints."""

from __future__ import annotations

import difflib
import re
from typing import List

ANY = "…"
# What no two runs have alike: times, durations, ids of sessions, speeds. Both sides are masked.
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\+\d\d:\d\d)?"), "DATE"),
    (re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b"), "SESSION"),
    (re.compile(r"\b\d+(?:\.\d+)?s\b(?: \(\d+:\d\d:\d\d\))?"), "SECONDS"),
    (re.compile(r"=+"), "="),
    (re.compile(r"-{2,}"), "--"),
    (re.compile(r"[ \t]+"), " "),
)


def difference(expected: str, actual: str) -> str:
    """How what was printed differs from what was expected; "" if it does not.

    A line that is `…` alone stands for any lines, `…` within a line for anything.
    """
    if _pattern(expected).fullmatch(_masked(actual)):
        return ""
    return "\n".join(
        difflib.unified_diff(_lines(expected), _lines(actual), "the page", "what was printed", lineterm="", n=50)
    )


def _pattern(expected: str) -> re.Pattern[str]:
    pieces = []
    for line in _lines(expected):
        if line.strip() == ANY:
            pieces.append(r"(?:[^\n]*\n)*?")
        else:
            pieces.append("[^\n]*".join(map(re.escape, line.split(ANY))) + "\n")
    return re.compile("".join(pieces))


def _masked(text: str) -> str:
    return "".join(f"{line}\n" for line in _lines(text))


def _lines(text: str) -> List[str]:
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip().splitlines()]
