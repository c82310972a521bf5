"""Estimates the gate's false alarms, and the smallest drop that it detects, from simulated sessions. Pure.

Sixteen stored values are too few to be split into stored and measured values. So each simulated session draws both
from a distribution that is made of the stored rows; the metrics of a seed stay together. There are two distributions: a
normal distribution with the means and covariances of the rows; and the rows themselves, each with a little normal noise
and shrunk so that the covariance stays the same (a smoothed bootstrap, Silverman and Young 1987). The simulated stored
sample has as many rows as the real one, so that the error of the stored means counts too. Its margins have the same
ratio to its standard deviation as the stored margins have to the stored deviation, so that the error of the spread
counts as well. The smallest drops are calculated with the stored margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Sequence, Tuple, Union

import numpy as np

from mnist_repro.gate.baselines.values import SampleEntry
from mnist_repro.gate.intervals import welch_reach
from mnist_repro.gate.statistics import AUTO_SEEDS, LEVEL
from mnist_repro.gate.verdicts import HIGHER, LOWER, NO_WORSE, Metric

SESSIONS = 10_000
SEED = 20200401
SEEN = 0.95

# Draws rows from a distribution: takes their number, and returns an array (rows, metrics).
Draw = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Drop:
    """The smallest shift for the worse of one metric that the gate detects with 95 % probability.

    Args:
        subject: what the metric belongs to.
        metric: the metric.
        at_first: shift with the first of `AUTO_SEEDS` alone, or in a comparison seed by seed.
        auto: shift with ``--gate-seeds auto``, or in a comparison seed by seed.
        clean_at_first: probability that a clean metric passes with the first alone.
    """

    subject: str
    metric: Metric
    at_first: float
    auto: float
    clean_at_first: float


def false_alarms(stored: Mapping[str, SampleEntry], sessions: int = SESSIONS) -> Dict[str, Dict[str, float]]:
    """The share of clean sessions of several checks that do not pass: by kind of draw, and by seeds.

    Where runs are compared seed by seed, clean ones do not vary, and count as passing.
    """
    shares = {}
    for name, make in (("normal", _normal), ("smoothed", smoothed)):
        generator = np.random.Generator(np.random.PCG64(SEED))
        first = auto = np.ones(sessions, dtype=bool)
        for entry in stored.values():
            if entry.paired:
                continue
            one, all_, deviations = _intervals(make(_rows(entry), generator), len(entry.samples), sessions)
            margins = _margins(entry) / _rows(entry).std(axis=0, ddof=1) * deviations
            first = first & passes(one, margins, entry.metrics)
            auto = auto & passes(all_, margins, entry.metrics)
        shares[name] = {"first": 1.0 - float(first.mean()), "auto": 1.0 - float(auto.mean())}
    return shares


def smallest_drops(subject: str, entry: SampleEntry, sessions: int = SESSIONS) -> List[Drop]:
    """The smallest drop of each metric that the gate detects. In a comparison seed by seed, it is the margin."""
    if entry.paired:
        return [Drop(subject, metric, metric.margin, metric.margin, 1.0) for metric in entry.metrics]
    generator = np.random.Generator(np.random.PCG64(SEED))
    one, all_, _ = _intervals(_normal(_rows(entry), generator), len(entry.samples), sessions)
    drops = []
    for at, (metric, margin) in enumerate(zip(entry.metrics, _margins(entry))):
        alone, grown = one[:, :, at : at + 1], all_[:, :, at : at + 1]
        first, auto = _smallest(alone, margin, metric), _smallest(grown, margin, metric)
        drops.append(Drop(subject, metric, first, auto, float(passes(alone, margin, [metric]).mean())))
    return drops


def passes(ends: np.ndarray, margins: Union[np.ndarray, float], metrics: Sequence[Metric]) -> np.ndarray:
    """Which sessions pass by the rules of `compare_distributions`: more seeds while not all metrics are within.

    Args:
        ends: ends of the intervals of the difference, (numbers of seeds, sessions, metrics, 2).
        margins: margin of each metric, for all sessions or for each session.
        metrics: the metrics; a claim "no worse" has one side.
    """
    open_above = np.array([metric.claim == NO_WORSE and metric.direction == HIGHER for metric in metrics])
    open_below = np.array([metric.claim == NO_WORSE and metric.direction == LOWER for metric in metrics])
    inside = (open_below | (-margins < ends[..., 0])) & (open_above | (ends[..., 1] < margins))
    # What is proven to be beyond its margin with few seeds is as good as never within it with more.
    return np.asarray(inside.all(axis=2).any(axis=0))


def _margins(entry: SampleEntry) -> np.ndarray:
    return np.array([metric.margin for metric in entry.metrics])


def _rows(entry: SampleEntry) -> np.ndarray:
    names = [metric.name for metric in entry.metrics]
    return np.array([[values[name] for name in names] for values in entry.samples.values()], dtype=np.float64)


def _normal(rows: np.ndarray, generator: np.random.Generator) -> Draw:
    mean, noise = rows.mean(axis=0), _noise(rows, generator)
    return lambda count: mean + noise(count)


def smoothed(rows: np.ndarray, generator: np.random.Generator) -> Draw:
    """Draws from the rows, (rows, metrics), with a little noise: see this module's first lines."""
    mean, noise = rows.mean(axis=0), _noise(rows, generator)
    width = len(rows) ** (-1.0 / (rows.shape[1] + 4.0))

    def draw(count: int) -> np.ndarray:
        away = width * noise(count)
        chosen = rows[generator.integers(len(rows), size=count)]
        return np.asarray(mean + (chosen - mean + away) / np.sqrt(1.0 + width * width))

    return draw


def _noise(rows: np.ndarray, generator: np.random.Generator) -> Draw:
    """Draws normal rows with mean 0 and the covariance of the rows."""
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(rows, rowvar=False)))
    factor = (vectors * np.sqrt(np.abs(values))).T
    return lambda count: generator.standard_normal((count, rows.shape[1])) @ factor


def _intervals(draw: Draw, stored: int, sessions: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The results of simulated sessions.

    Returns:
        Ends of the interval of each difference with the first of `AUTO_SEEDS` and one look: (1, sessions, metrics, 2);
        with each of them, which share the level: (numbers of seeds, sessions, metrics, 2); and standard deviations of
        the simulated stored samples: (sessions, metrics).
    """
    rows = np.concatenate([draw(count) for _ in range(sessions) for count in (stored, AUTO_SEEDS[-1])])
    drawn = rows.reshape(sessions, stored + AUTO_SEEDS[-1], -1).swapaxes(1, 2).copy()
    before, now = drawn[..., :stored], drawn[..., stored:]
    one = _ends(now[..., : AUTO_SEEDS[0]], before, LEVEL)
    all_ = [_ends(now[..., :seeds], before, LEVEL / len(AUTO_SEEDS)) for seeds in AUTO_SEEDS]
    return one[np.newaxis], np.array(all_), before.std(axis=-1, ddof=1)


def _ends(measured: np.ndarray, stored: np.ndarray, tail: float) -> np.ndarray:
    """`welch_interval` of many samples at once: (…, seeds) to (…, 2)."""
    ours, theirs = (samples.var(axis=-1, ddof=1) for samples in (measured, stored))
    difference = measured.mean(axis=-1) - stored.mean(axis=-1)
    reach = welch_reach(ours, np.array(measured.shape[-1]), theirs, stored.shape[-1], tail)
    return np.stack([difference - reach, difference + reach], axis=-1)


def _smallest(ends: np.ndarray, margin: float, metric: Metric) -> float:
    """The smallest shift for the worse that is detected, by bisection."""
    low, high = 0.0, 4.0 * margin
    worse = -1.0 if metric.direction == HIGHER else 1.0
    if passes(ends, margin, [metric]).mean() <= 1.0 - SEEN:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2.0
        detected = passes(ends + worse * middle, margin, [metric]).mean() <= 1.0 - SEEN
        low, high = (low, middle) if detected else (middle, high)
    return high
