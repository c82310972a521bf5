"""Intervals, the standard deviation of a sample, and quantiles of Student's t. Pure."""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any, NamedTuple, Sequence

import numpy as np


class Interval(NamedTuple):
    """The numbers from ``low`` to ``high``, both included."""

    low: float
    high: float


def standard_deviation(values: Sequence[float]) -> float:
    """Standard deviation of a sample, with n - 1; NaN for fewer than two values, or if a value is not finite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    with np.errstate(over="ignore", invalid="ignore"):  # the result says so: infinite, or NaN
        return float(np.std(np.asarray(values, dtype=np.float64), ddof=1))


@functools.lru_cache(maxsize=1024)
def student_t(degrees: float, probability: float) -> float:
    """The value below which Student's t lies with this probability."""
    return float(_special().stdtrit(degrees, probability))


def welch_reach(
    our_variance: np.ndarray, our_count: np.ndarray, their_variance: np.ndarray, their_count: int, tail: float
) -> np.ndarray:
    """How far the interval of a difference of means reaches to each side, with probability ``tail`` beyond each end.

    Variances, with n - 1, and our counts may be arrays, for many intervals at once. Source: Welch 1947.
    """
    ours, theirs = our_variance / our_count, their_variance / their_count
    freedom = (ours + theirs) ** 2 / (ours**2 / (our_count - 1) + theirs**2 / (their_count - 1))
    return np.asarray(-_special().stdtrit(freedom, tail) * np.sqrt(ours + theirs))


def f_probability(numerator: int, denominator: int, ratio: float) -> float:
    """The probability that the F distribution, with these degrees of freedom, is below a ratio of two variances."""
    return float(_special().fdtr(numerator, denominator, ratio))


@functools.lru_cache(maxsize=None)
def _special() -> Any:
    with warnings.catch_warnings():
        # SciPy 1.4 uses names that later versions of NumPy deprecated.
        warnings.simplefilter("ignore")
        # Imported here: the import takes a tenth of a second, and --help does not need it.
        from scipy import special
    return special
