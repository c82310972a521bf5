"""Ids of jobs on command lines."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from pjm.emulator.machine.ids import wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import WHOLE, Job


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

    assert (jids, subs) == (found.jids, found.subs)


@pytest.mark.parametrize(
    ("word", "named"),
    [("12", "12"), ("1-100", "12"), ("12[3]", "12[3]"), ("12[1-3]", "12[2] 12[3]"), ("12_3", ""), ("13", "")],
)
def test_which_jobs_an_id_names(word: str, named: str) -> None:
    jobs = [Job(12, sub, "BU", "", "", "") for sub in (WHOLE, 2, 3)]
    target = wanted(word)

    assert named == " ".join(job.id for job in jobs if target.names(job))


@pytest.mark.parametrize("word", ["", "x", "12-", "20-12", "12[5-3]", "12[", "12_", "1.5", "-1", "12\n", "2147483648"])
def test_what_is_no_id(word: str) -> None:
    with pytest.raises(Refusal):
        wanted(word)
