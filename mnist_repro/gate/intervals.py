"""Where one more run should land, judging by the runs at hand: two-sided prediction intervals. Pure."""

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
    """From ``low`` to ``high``, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def standard_deviation(values: Sequence[float]) -> float:
    """Of the sample, with n - 1; NaN for fewer than two values, or where one is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return float(np.std(np.asarray(values, dtype=np.float64), ddof=1))


def prediction_interval(values: Sequence[float], comparisons: int, level: float = LEVEL) -> Optional[Interval]:
    """Where a further value of the same kind lies with probability ``level``, for all comparisons together.

    Student's t with n - 1 degrees of freedom times the standard deviation times sqrt(1 + 1/n); the level is shared
    out among the comparisons (Bonferroni). None where the values cannot tell: fewer than two, one that is not finite,
    or all the same.

    Args:
        values: one for each seed.
        comparisons: how many such intervals are looked at together.
        level: the probability that all of them hold.
    """
    deviation = standard_deviation(values)
    # Not by the deviation: the mean is rounded, so that equal values may seem to deviate.
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
        # SciPy 1.4 uses names that NumPy has since deprecated.
        warnings.simplefilter("ignore")
        # Not at the top: SciPy takes a tenth of a second that --help need not wait for.
        from scipy.special import stdtrit
    quantile: Callable[[float, float], float] = stdtrit
    return quantile
