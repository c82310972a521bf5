"""Ids of jobs on command lines."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from pjm.emulator.machine.ids import wanted


@pytest.mark.parametrize(
    ("word", "jids", "subs"),
    [
        ("12", (12, 12), None),
        ("12-20", (12, 20), None),
        ("12[3]", (12, 12), (3, 3)),
        ("12[3-5]", (12, 12), (3, 5)),
        ("12_3", (12, 12), (3, 3)),
        ("12_3-5", (12, 12), (3, 5)),
    ],
)
def test_ids(word: str, jids: Tuple[int, int], subs: Optional[Tuple[int, int]]) -> None:
    found = wanted(word)

    assert found is not None
    assert (jids, subs) == (found.jids, found.subs)


@pytest.mark.parametrize("word", ["", "x", "12-", "20-12", "12[5-3]", "12[", "12_", "1.5", "-1", "12\n", "2147483648"])
def test_what_is_no_id(word: str) -> None:
    assert wanted(word) is None
