"""Elapse limits: converts what a user writes to seconds, and seconds to the batch system's HH:MM:SS."""

from __future__ import annotations

import re
from typing import Union

from pjm.errors import BadInput

LONGEST_ELAPSE = 2147483647  # seconds; what PJM can count (Command Reference p. 90)

_CLOCK = re.compile(r"(?:(?:(?P<hours>\d{1,10}):)?(?P<minutes>\d{1,10}):)?(?P<seconds>\d{1,10})", re.ASCII)
_UNITS = re.compile(
    r"(?=.)(?:(?P<hours>\d{1,10})h)?(?:(?P<minutes>\d{1,10})m)?(?:(?P<seconds>\d{1,10})s)?", re.ASCII | re.IGNORECASE
)


def elapse_seconds(value: object, where: str, example: str = 'elapse="00:30:00"') -> int:
    """Seconds of an elapse limit: 1800, "1800", "30:00", "00:30:00" or "1h30m".

    Args:
        value: a whole number of seconds, or text as the batch system writes it.
        where: what holds the value, for messages: "tests/test_a.py:12: the mark fugaku", "the option fugaku_elapse".
        example: a valid value, as it is written there.

    Raises:
        BadInput: the value is neither of these, or zero, or more than the batch system can count.
    """
    seconds = None
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str):
        match = _CLOCK.fullmatch(value) or _UNITS.fullmatch(value)
        if match:
            parts = {name: int(text or 0) for name, text in match.groupdict().items()}
            seconds = parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"]
    if seconds is None or not 1 <= seconds <= LONGEST_ELAPSE:
        raise BadInput(
            f"{where} has elapse={value!r}",
            'an elapse limit is hours:minutes:seconds, or "1h30m", or whole seconds, at least 1',
            f"write for example {example}",
        )
    return seconds


def elapse_text(seconds: Union[int, float]) -> str:
    """Seconds as HH:MM:SS, hours beyond 99 in full; fractions are rounded up."""
    whole = int(-(-seconds // 1))
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
