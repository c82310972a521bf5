"""Finds a metric that drifts slowly, or has jumped, since its baseline was last changed. Pure.

The test is that of Mann (1945) and Kendall: do later values tend to be larger, or smaller, than earlier ones? It looks
at ranks alone, so that the distribution of the values does not matter. Sessions that measured the same bits count
once: code that did not change has no new noise. Means of neighbouring sessions are tested, so that noise which lasts
for some sessions does not look like drift. The whole time since the change is tested, and its last half, quarter and
eighth, so that a late drift is seen early. All these tests of a page together are wrong in at most 1 % of pages.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import FrozenSet, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.trend.sessions import Point, Series

# The share of pages on which a metric without drift is named, if sessions are independent; the rest is reserve.
LEVEL = 0.005
# Seven values in order have the probability 2/7!, which is too much for a page of some metrics.
FEWEST = 8
# A smaller move, as a share of the margin, is no news, however certain it is.
SMALLEST = 0.1
_WINDOWS = (1, 2, 4, 8)
_MOST_BLOCKS = 60
# The least number of measurements in a block, if there are many.
_BLOCK = 4
# Of a jump, this share of the difference lies between neighbours; of an even drift, a quarter.
_JUMP = 2 / 3


@dataclass(frozen=True)
class Drift:
    """How a metric moved.

    Args:
        slow: whether it still moves, in many small steps; else it moved once, and stayed.
        first: the point where the drift begins, or the first one after the jump.
        sessions: number of points from there on.
        slope: of a slow drift, the change from one session to the next.
        moved: the whole change.
        line: two ends of the line through the points, as (point, value).
        crosses: of a slow drift, sessions until the interval crosses the margin; 0 if it does already.
    """

    slow: bool
    first: int
    sessions: int
    slope: float
    moved: float
    line: Tuple[Tuple[int, float], Tuple[int, float]]
    crosses: int = 0


def testable(series: Series) -> bool:
    """Whether a series has a metric with a margin, and may have enough measurements."""
    last = series.points[-1]
    return last.margin is not None and len(series.points) >= FEWEST


def find(series: Series, tests: int) -> Optional[Drift]:
    """The drift or jump since the last change of the baseline; None if there is none.

    Args:
        series: a testable series.
        tests: number of series that are tested with it.
    """
    points, last = series.points, len(series.points) - 1
    margin = points[last].margin or math.inf
    start = series.changes[-1] if series.changes else 0
    seeds = _usual_seeds(points[start:])
    places, values = _measurements(points, start, seeds)
    window = clearest(values, tests)
    if not window:
        return None
    places, values = places[-window:], values[-window:]
    slope, level = _line(places, values)
    recent, late_level = _line(places[window // 2 :], values[window // 2 :])
    # Most values are equal, and it moves in the later half alone.
    if slope == 0.0 != recent:
        places, values, slope, level = places[window // 2 :], values[window // 2 :], recent, late_level
        recent, _ = _line(places[len(places) // 2 :], values[len(places) // 2 :])
    first, newest = int(places[0]), int(places[-1])
    # It has stopped if its later half is flat, or if the same bits came for longer than all before them.
    stopped = recent * slope <= slope**2 / 4 or last - newest > newest - first
    jump, height, between_neighbours = _step(values)
    if stopped or abs(between_neighbours) > _JUMP * abs(height):
        first, after = int(places[jump]), float(values[jump:].mean())
        found = Drift(False, first, last - first + 1, 0.0, height, ((first, after), (last, after)))
    else:
        line = ((first, level + slope * first), (last, level + slope * last))
        found = Drift(True, first, last - first + 1, slope, slope * (last - first), line)
    if abs(found.moved) < SMALLEST * margin:
        return None
    return replace(found, crosses=_crosses(points[first:], seeds, found.line[1][1], slope)) if found.slow else found


def _usual_seeds(points: Sequence[Point]) -> FrozenSet[int]:
    """The seeds that most sessions measured: the mean over more seeds, or fewer, is another one."""
    return Counter(point.seeds for point in points if point.seeds).most_common(1)[0][0] if points else frozenset()


def _measurements(points: Sequence[Point], start: int, seeds: FrozenSet[int]) -> Tuple[np.ndarray, np.ndarray]:
    """Places and means of the points that measured these seeds; of points with the same bits, the first one."""
    found: List[Tuple[int, float]] = []
    before = None
    for at in range(start, len(points)):
        value = points[at].mean(seeds) if seeds <= points[at].seeds else None
        everything = [points[at].everything.get(seed) for seed in sorted(seeds)]
        if value is not None and everything != before:
            found.append((at, value))
            before = everything
    return np.array([at for at, _ in found], dtype=int), np.array([value for _, value in found])


def clearest(values: np.ndarray, tests: int) -> int:
    """How many of the last values show the clearest trend; 0 if none does.

    Args:
        values: the values, in order.
        tests: number of metrics that are tested with this one.
    """
    found, least = 0, LEVEL / tests / len(_WINDOWS)
    for share in _WINDOWS:
        window = len(values) // share
        if window < FEWEST:
            break
        chance = mann_kendall(_blocks(values[-window:]))
        if chance < least:
            found, least = window, chance
    return found


def _blocks(values: np.ndarray) -> np.ndarray:
    """The means of neighbours, in blocks of nearly equal size."""
    count = min(len(values), max(FEWEST + 4, min(_MOST_BLOCKS, len(values) // _BLOCK)))
    ends = np.linspace(0, len(values), count + 1).astype(int)
    return np.asarray(np.add.reduceat(values, ends[:-1]) / np.diff(ends))


def mann_kendall(values: np.ndarray) -> float:
    """The probability of a trend as clear as this one, up or down, among values without one."""
    count = len(values)
    ordered = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(count, 1)].sum())
    ties = np.unique(values, return_counts=True)[1]
    variance = sum(sign * float((n * (n - 1) * (2 * n + 5)).sum()) for sign, n in ((1, np.array([count])), (-1, ties)))
    # One less: the sum takes every other whole number, and the normal distribution is continuous.
    return math.erfc(max(abs(ordered) - 1.0, 0.0) / math.sqrt(variance / 9.0)) if variance > 0.0 else 1.0


def _line(places: np.ndarray, values: np.ndarray) -> Tuple[float, float]:
    """Slope and level of the line of Theil (1950) and Sen (1968), which single odd values do not turn."""
    at, means = _blocks(places), _blocks(values)
    one, other = np.triu_indices(len(at), 1)
    slope = float(np.median((means[other] - means[one]) / (at[other] - at[one])))
    return slope, float(np.median(means - slope * at))


def _step(values: np.ndarray) -> Tuple[int, float, float]:
    """Where two levels fit best: the first value of the second, the difference, and that of neighbours alone."""
    count = len(values)
    sizes = np.arange(1, count)
    sums = np.cumsum(values)[:-1]
    heights = (values.sum() - sums) / (count - sizes) - sums / sizes
    at = int(np.argmax(heights**2 * sizes * (count - sizes))) + 1
    near = max(2, count // 8)
    neighbours = float(values[at : at + near].mean() - values[max(at - near, 0) : at].mean())
    return at, float(heights[at - 1]), neighbours


def _crosses(points: Sequence[Point], seeds: FrozenSet[int], level: float, slope: float) -> int:
    """Sessions until the interval around a level that moves on like this reaches the margin."""
    newest = next(point for point in reversed(points) if point.seeds >= seeds and point.stored is not None)
    reach = float(np.median([point.reach for point in points if point.seeds >= seeds][-20:]))
    moved = (level - (newest.stored or 0.0)) * math.copysign(1.0, slope)
    return max(0, math.ceil(((newest.margin or 0.0) - moved - reach) / abs(slope)))
