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


def student_ts(degrees: np.ndarray, probability: float) -> np.ndarray:
    """`student_t` of many degrees of freedom."""
    return np.asarray(_special().stdtrit(degrees, probability))


@functools.lru_cache(maxsize=64)
def normal_quantile(probability: float) -> float:
    """The value below which the standard normal distribution lies with this probability."""
    return float(_special().ndtri(probability))


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
