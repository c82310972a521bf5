"""Numbers of a document, as numbers again: what is not finite is in it as a word. Pure."""

from __future__ import annotations

import math
from typing import Any, Iterable, List

# Nothing that is measured here comes near; matplotlib's axes do not survive what is much larger.
_LARGEST = 1e30


def number(value: Any) -> float:
    """A number of the document; NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def drawable(value: Any) -> bool:
    """Whether it can be a point of a figure."""
    return math.isfinite(number(value)) and abs(number(value)) < _LARGEST


def numbers(values: Iterable[Any]) -> List[float]:
    """Those that can be drawn and averaged."""
    return [number(value) for value in values if drawable(value)]


def evenly(items: List[Any], most: int) -> List[Any]:
    """At most so many of the items, spread over all of them, first and last included."""
    if len(items) <= most:
        return items
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]
