"""Times and dates as PJM writes them."""

from __future__ import annotations

from typing import Optional

import pytest

from pjm.emulator.machine.times import date, day, duration, full_date, limit, limits, planned


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0:10:0", 600), ("60:00", 3600), ("1H", 3600), ("unlimited", 2147483647), ("1x", None), ("", None)],
)
def test_limits_of_time(text: str, seconds: Optional[int]) -> None:
    assert seconds == limit(text)


def test_ranges_of_time_and_how_they_are_written() -> None:
    assert [(60, 60), (60, 120), (60, None), None] == [limits(text) for text in ("60", "60-2:00", "60-", "-60")]
    assert ["0000:01:01", "0100:00:00", "unlimited", "-"] == [
        duration(seconds) for seconds in (61, 360000, 2147483647, None)
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("20261129", "2026/11/29 00:00:00"),
        ("202611291530", "2026/11/29 15:30:00"),
        ("20261301", "-"),
        ("2026112", "-"),
        ("2026112915300", "-"),
        ("today", "-"),
    ],
)
def test_days_are_read_and_written(text: str, written: str) -> None:
    assert written == full_date(day(text))


def test_short_dates() -> None:
    moment = day("202611291530")
    assert moment is not None

    assert ["11/29 15:30:00", "-"] == [date(moment), date(None)]
    assert "(11/29 15:30)" == planned(moment)
