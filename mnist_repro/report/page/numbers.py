"""Numbers for a page: which can be drawn, and their texts. Words for NaN and infinity are numbers too. Pure."""

from __future__ import annotations

import math
import statistics
from typing import Any, Iterable, List, Mapping

# Far above all measured values; matplotlib's axes fail on much larger ones.
_LARGEST = 1e30


def number(value: Any) -> float:
    """A number of a document or a gate report; NaN for a value that is not a number."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def drawable(value: Any) -> bool:
    """Whether a value can be a point of a figure."""
    return math.isfinite(number(value)) and abs(number(value)) < _LARGEST


def numbers(values: Iterable[Any]) -> List[float]:
    """The values that can be drawn and averaged."""
    return [number(value) for value in values if drawable(value)]


def settled(value: float) -> str:
    """A number with five decimals, as `mnist-repro reproduce` prints it, so that the values in a column line up."""
    return f"{value:.5f}" if value == 0.0 or 5e-5 <= abs(value) < 1e4 else f"{value:.3g}"


def spread(values: Mapping[int, float]) -> str:
    """Mean and standard deviation of a metric's values by seed: ``0.26987 ± 0.00113``; – without values."""
    finite = numbers(values.values())
    if not finite:
        return "NaN" if values else "–"
    mean = settled(statistics.fmean(finite))
    return mean if len(finite) < 2 else f"{mean} ± {settled(statistics.stdev(finite))}"


def as_printed(value: float) -> str:
    """A published number, without decimals that its source did not print."""
    text = settled(value)
    return text.rstrip("0") if "e" not in text and float(text) == value else text


def evenly(items: List[Any], most: int) -> List[Any]:
    """At most ``most`` items, evenly selected, with the first and the last."""
    if len(items) <= most:
        return items
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]
