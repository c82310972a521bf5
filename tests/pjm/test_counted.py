"""A number has its noun in the right form."""

from __future__ import annotations

from pjm.counted import counted


def test_one_is_singular_and_the_others_are_plural() -> None:
    assert ["0 jobs", "1 job", "2 jobs"] == [counted(number, "job") for number in range(3)]
