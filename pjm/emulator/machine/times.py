"""Formats and parses times and dates as PJM does."""

from __future__ import annotations

import re
import time
from typing import Optional, Tuple

LONGEST = 2147483647
# Here and in other modules a text, because few commands use it: compiling it takes as long as an import.
COLONS = r"(?:(?:(\d+):)?(\d+):)?(\d+)\Z"
LETTERS = r"(?i)(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z"


def limit(text: str) -> Optional[int]:
    """Seconds of `90`, `1:30`, `0:01:30`, `1m30s` or `unlimited`; None for anything else."""
    if text == "unlimited":
        return LONGEST
    match = re.match(COLONS, text) or re.match(LETTERS, text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    return total if total <= LONGEST else None


def limits(text: str) -> Optional[Tuple[int, Optional[int]]]:
    """Least and most seconds of an elapse limit, `MIN-MAX` or `MIN-` (most is None); None for anything else."""
    least, dash, most = text.partition("-")
    first = limit(least)
    second = limit(most) if most else None
    if first is None or (most and second is None):
        return None
    if not dash:
        return first, first
    return first, second


def duration(seconds: Optional[float]) -> str:
    """Seconds as `hhhh:mm:ss`; `-` for None."""
    if seconds is None:
        return "-"
    if seconds >= LONGEST:
        return "unlimited"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:04d}:{minutes:02d}:{rest:02d}"


def date(moment: Optional[float]) -> str:
    """A date as `MM/DD hh:mm:ss`; `-` for None."""
    return "-" if moment is None else time.strftime("%m/%d %H:%M:%S", time.localtime(moment))


def planned(moment: float) -> str:
    """A planned start as `(MM/DD hh:mm)`."""
    return time.strftime("(%m/%d %H:%M)", time.localtime(moment))


def full_date(moment: Optional[float]) -> str:
    """A date as `YYYY/MM/DD hh:mm:ss`, as in statistics; `-` for None."""
    return "-" if moment is None else time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(moment))


def day(text: str) -> Optional[float]:
    """Seconds since the epoch of `YYYYMMDD[hhmm]`; None for anything else."""
    # Without a fixed length, strptime would read 20261121 with the longer layout, as a time on the first of January.
    layout = {8: "%Y%m%d", 12: "%Y%m%d%H%M"}.get(len(text)) if text.isdecimal() else None
    if layout is None:
        return None
    try:
        return time.mktime(time.strptime(text, layout))
    except (ValueError, OverflowError):
        return None
