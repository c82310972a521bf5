"""Two-sided prediction intervals: where a further run should lie, calculated from existing runs. Pure."""

from __future__ import annotations

import functools
import math
import warnings
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

import numpy as np

LEVEL = 0.99


@dataclass(frozen=True)
class Interval:
    """The numbers from ``low`` to ``high``, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def standard_deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample, with n - 1; NaN for fewer than two values, or if a value is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return float(np.std(np.asarray(values, dtype=np.float64), ddof=1))


def prediction_interval(values: Sequence[float], comparisons: int, level: float = LEVEL) -> Optional[Interval]:
    """The interval in which a further value lies; ``level`` is the probability for all comparisons together.

    Student's t with n - 1 degrees of freedom times the standard deviation times sqrt(1 + 1/n); the level is shared
    out among the comparisons (Bonferroni). None if there are fewer than two values, a value is not finite, or all
    values are equal.

    Args:
        values: one value for each seed.
        comparisons: number of intervals that are used together.
        level: probability that all these intervals hold.
    """
    deviation = standard_deviation(values)
    # Not `deviation == 0`: the mean is rounded, so that equal values may have a small deviation.
    if not math.isfinite(deviation) or min(values) == max(values):
        return None
    tail = (1.0 - level) / comparisons / 2.0
    reach = -student_t(len(values) - 1, tail) * deviation * math.sqrt(1.0 + 1.0 / len(values))
    mean = float(np.mean(values))
    return Interval(mean - reach, mean + reach)


def student_t(degrees: float, probability: float) -> float:
    """The value below which Student's t lies with this probability."""
    return float(_quantile()(degrees, probability))


@functools.lru_cache(maxsize=None)
def _quantile() -> Callable[[float, float], float]:
    with warnings.catch_warnings():
        # SciPy 1.4 uses names that later versions of NumPy deprecated.
        warnings.simplefilter("ignore")
        # Imported here: the import takes a tenth of a second, and --help does not need it.
        from scipy.special import stdtrit
    quantile: Callable[[float, float], float] = stdtrit
    return quantile
