"""Times as PJM writes and reads them."""

from __future__ import annotations

import re
import time
from typing import Optional, Tuple

LONGEST = 2147483647
COLONS = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+)\Z")
LETTERS = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?\Z", re.IGNORECASE)


def limit(text: str) -> Optional[int]:
    """Seconds of `90`, `1:30`, `0:01:30`, `1m30s` or `unlimited`; None for anything else."""
    if text == "unlimited":
        return LONGEST
    found = COLONS.match(text) or LETTERS.match(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    return total if total <= LONGEST else None


def limits(text: str) -> Optional[Tuple[int, Optional[int]]]:
    """An elapse limit, `MIN-MAX` or `MIN-`: the least and the most, which is None if open; None if it is neither."""
    least, dash, most = text.partition("-")
    first = limit(least)
    second = limit(most) if most else None
    if first is None or (most and second is None):
        return None
    if not dash:
        return first, first
    return first, second


def duration(seconds: Optional[float]) -> str:
    """`hhhh:mm:ss`, or `-`."""
    if seconds is None:
        return "-"
    if seconds >= LONGEST:
        return "unlimited"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:04d}:{minutes:02d}:{rest:02d}"


def date(moment: Optional[float], none: str = "-") -> str:
    """`MM/DD hh:mm:ss`, or `-`."""
    return none if moment is None else time.strftime("%m/%d %H:%M:%S", time.localtime(moment))


def planned(moment: float) -> str:
    """A planned start, `(MM/DD hh:mm)`."""
    return time.strftime("(%m/%d %H:%M)", time.localtime(moment))


def full_date(moment: Optional[float]) -> str:
    """`YYYY/MM/DD hh:mm:ss`, or `-`, as statistics have it."""
    return "-" if moment is None else time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(moment))


def day(text: str) -> Optional[float]:
    """Seconds since the epoch of `YYYYMMDD[hhmm]`; None for anything else."""
    # strptime alone would read 20261121 as the first of January, one minute past two.
    layout = {8: "%Y%m%d", 12: "%Y%m%d%H%M"}.get(len(text)) if text.isdecimal() else None
    if layout is None:
        return None
    try:
        return time.mktime(time.strptime(text, layout))
    except (ValueError, OverflowError):
        return None
