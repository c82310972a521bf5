"""The command line of a session, and what is typed when somebody comes back to it."""

from __future__ import annotations

from typing import List

import pytest

from pjm.client.command_line import without_repetition


@pytest.mark.parametrize(
    ("saved", "typed", "expected"),
    [
        (["-q", "a.py"], ["-q"], ["a.py"]),
        (["-q", "a.py"], ["-v"], ["a.py"]),
        (["-q", "a.py"], ["-x"], ["-q", "a.py"]),
        (["-qx", "-vv", "-s"], ["--quiet"], ["-x", "-s"]),
        (["--verbosity", "2", "-l"], ["-sv"], ["-l"]),
        (["--verbosity=2", "--verbose", "a.py"], ["--verbosity=0"], ["a.py"]),
        (["-rfq", "-k", "q or v", "-pq", "-", ""], ["-q"], ["-rfq", "-k", "q or v", "-pq", "-", ""]),
    ],
)
def test_how_much_pytest_says_is_not_added_up(saved: List[str], typed: List[str], expected: List[str]) -> None:
    assert expected == without_repetition(saved, typed)
