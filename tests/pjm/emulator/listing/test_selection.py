"""Which jobs pjstat shows, and in which order."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from pjm.emulator.listing.selection import DAY, period, rows
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.ids import wanted
from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.times import day

NOW = 2e9


def listed(context: Context, *ids: str, **given: str) -> str:
    """The ids that pjstat shows, without what they have in common."""
    return " ".join(row.job.id.replace("4800000", "") for row in rows(context, [wanted(word) for word in ids], given))


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ("st=RUN", "1"),
        ("st=RUN+QUE,jmdl=NM", "1 2"),
        ("jnam=a-name-of-many-letters", "2"),
        ("jnam=*st*", "1 4"),
        ("jnam=man.", "3"),
        (r"jnam=man\.", ""),
        ("jid=48000002-48000003", "2 3"),
        ("jid=48000003-", "3 4"),
        ("jid=-48000001", "1"),
        ("nonsense=1", ""),
    ],
)
def test_filters(context: Context, filters: str, numbers: str) -> None:
    assert numbers == listed(context, filter=filters)


@pytest.mark.parametrize(
    ("ids", "expand", "numbers"),
    [
        ([], True, "1 2 3 3[1] 3[2] 3[3] 4 4_0"),
        (["48000003[2-3]"], False, "3[2] 3[3]"),
        (["48000003"], True, "3 3[1] 3[2] 3[3]"),
        (["48000001-48000002", "48000004_0"], False, "1 2 4_0"),
        (["48000003[9]", "48000003_1", "48000005"], True, ""),
    ],
)
def test_sub_jobs_are_shown_when_asked_for(context: Context, ids: list[str], expand: bool, numbers: str) -> None:
    assert numbers == listed(context, *ids, **({"expand": ""} if expand else {}))


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [("st:D,jid:D", "1 4 3 2"), ("nnumr", "1 3 2 4"), ("jid:A", "1 2 3 4"), ("nonsense", "1 2 3 4")],
)
def test_sorting(context: Context, sort: str, numbers: str) -> None:
    assert numbers == listed(context, sort=sort)


def test_a_direction_is_up_or_down(context: Context) -> None:
    with pytest.raises(Refusal):
        rows(context, [], {"sort": "jid:X"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (NOW - 3 * DAY, NOW + 1)),
        ("day=365", (NOW - 365 * DAY, NOW + 1)),
        ("start=20200101", (day("20200101"), NOW + 1)),
        ("start=20200101,end=20200102", (day("20200101"), day("20200102"))),
        ("start=20200101,period=3", (day("20200101"), (day("20200101") or 0) + 3 * DAY)),
    ],
)
def test_periods_of_the_history(text: str, expected: Tuple[Optional[float], Optional[float]]) -> None:
    assert expected == period(text, 3, NOW)


@pytest.mark.parametrize("text", ["day=0", "day=366", "start=2020011", "period=0,start=20200101", "days=1"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(Refusal):
        period(text, 3, NOW)
