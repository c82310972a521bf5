"""How often the gate alarms falsely, and how small a drop it sees, by drawing more samples like the stored ones. Pure.

Sixteen stored values are too few to take some of them for stored and others for measured ones. So both are drawn anew
for each simulated session, from a distribution made of the stored rows (a seed's metrics stay together): once a normal
one with their means and covariances, once the rows themselves, each with a little normal noise and drawn together so
that the covariance stays (a smoothed bootstrap, Silverman and Young 1987). What is drawn as stored has as many rows as
are stored, so that the error of the stored means counts too; and margins are made anew from it, in the same proportion
to its standard deviation as the stored margins are to the stored one, so that the error of the spread does as well.
The smallest drops are those of the stored margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Tuple, Union

import numpy as np

from mnist_repro.gate.baselines.values import SampleEntry
from mnist_repro.gate.statistics import AUTO_SEEDS, SESSION_LEVEL, welch_interval
from mnist_repro.gate.verdicts import Metric
from mnist_repro.runs.metrics import metrics_in_session

SESSIONS = 2000
SEED = 20200401
SEEN = 0.95

# Rows of a distribution: (rows, metrics), drawn anew at each call.
Draw = Callable[[int], np.ndarray]


@dataclass(frozen=True)
class Drop:
    """The smallest shift for the worse of one metric that is seen with 95 % probability.

    Args:
        recipe: its name.
        metric: which.
        at_first: with 3 seeds, or seed by seed.
        auto: with ``--seeds auto``, or seed by seed.
        clean_at_first: probability that a clean metric passes with 3 seeds.
    """

    recipe: str
    metric: Metric
    at_first: float
    auto: float
    clean_at_first: float


def false_alarms(stored: Mapping[str, SampleEntry], rung: str, sessions: int = SESSIONS) -> Dict[str, Dict[str, float]]:
    """The share of clean sessions, all recipes together, that do not pass: by kind of draw, and by seeds.

    Softmax recipes are compared seed by seed: clean runs of them do not vary, and count as passing.

    Args:
        stored: the entry of each recipe.
        rung: ``subset`` or ``full``.
        sessions: how many are simulated.
    """
    shares = {}
    for name, make in (("normal", _normal), ("smoothed", _smoothed)):
        generator = np.random.Generator(np.random.PCG64(SEED))
        first = auto = np.ones(sessions, dtype=bool)
        for entry in stored.values():
            if entry.paired:
                continue
            ends, deviations = _intervals(make(_rows(entry), generator), len(entry.samples), sessions, rung)
            margins = _margins(entry) / _rows(entry).std(axis=0, ddof=1) * deviations
            first = first & passes(ends[:1], margins)
            auto = auto & passes(ends, margins)
        shares[name] = {"3": 1.0 - float(first.mean()), "auto": 1.0 - float(auto.mean())}
    return shares


def smallest_drops(recipe: str, entry: SampleEntry, rung: str, sessions: int = SESSIONS) -> List[Drop]:
    """What the gate sees of each metric; seed by seed, that is the margin."""
    if entry.paired:
        return [Drop(recipe, metric, metric.margin, metric.margin, 1.0) for metric in entry.metrics]
    generator = np.random.Generator(np.random.PCG64(SEED))
    ends, _ = _intervals(_normal(_rows(entry), generator), len(entry.samples), sessions, rung)
    drops = []
    for at, (metric, margin) in enumerate(zip(entry.metrics, _margins(entry))):
        alone = ends[:, :, at : at + 1]
        first, auto = _smallest(alone[:1], margin), _smallest(alone, margin)
        drops.append(Drop(recipe, metric, first, auto, float(passes(alone[:1], margin).mean())))
    return drops


def passes(ends: np.ndarray, margins: Union[np.ndarray, float]) -> np.ndarray:
    """Which sessions pass, as `compare_distributions` and `--seeds auto` have it: more seeds while inconclusive.

    Args:
        ends: of the intervals of the difference: (numbers of seeds, sessions, metrics, 2).
        margins: of each metric, in all sessions or in each.
    """
    passed = np.zeros(ends.shape[1], dtype=bool)
    undecided = ~passed
    for low, high in ((each[..., 0], each[..., 1]) for each in ends):
        inside = ((-margins < low) & (high < margins)).all(axis=1)
        beyond = ((low > margins) | (high < -margins)).any(axis=1)
        passed |= undecided & inside
        undecided &= ~inside & ~beyond
    return passed


def _margins(entry: SampleEntry) -> np.ndarray:
    return np.array([metric.margin for metric in entry.metrics])


def _rows(entry: SampleEntry) -> np.ndarray:
    names = [metric.name for metric in entry.metrics]
    return np.array([[values[name] for name in names] for values in entry.samples.values()], dtype=np.float64)


def _normal(rows: np.ndarray, generator: np.random.Generator) -> Draw:
    mean, covariance = rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))
    return lambda count: generator.multivariate_normal(mean, covariance, size=count, method="eigh")


def _smoothed(rows: np.ndarray, generator: np.random.Generator) -> Draw:
    mean, covariance = rows.mean(axis=0), np.atleast_2d(np.cov(rows, rowvar=False))
    width = len(rows) ** (-1.0 / (rows.shape[1] + 4.0))

    def draw(count: int) -> np.ndarray:
        noise = generator.multivariate_normal(np.zeros(len(mean)), covariance, size=count, method="eigh")
        chosen = rows[generator.integers(len(rows), size=count)]
        return np.asarray(mean + (chosen - mean + width * noise) / np.sqrt(1.0 + width * width))

    return draw


def _intervals(draw: Draw, stored: int, sessions: int, rung: str) -> Tuple[np.ndarray, np.ndarray]:
    """What simulated sessions come to.

    Returns:
        Ends of the interval of each difference with each of `AUTO_SEEDS`: (numbers of seeds, sessions, metrics, 2),
        and standard deviations of what was drawn as stored: (sessions, metrics).
    """
    tail = SESSION_LEVEL / metrics_in_session(rung) / 2.0
    found, deviations = [], []
    for _ in range(sessions):
        theirs, ours = draw(stored), draw(AUTO_SEEDS[-1])
        found.append([_ends(ours[:seeds], theirs, tail) for seeds in AUTO_SEEDS])
        deviations.append(theirs.std(axis=0, ddof=1))
    return np.moveaxis(np.array(found), 1, 0), np.array(deviations)


def _ends(ours: np.ndarray, theirs: np.ndarray, tail: float) -> List[Tuple[float, float]]:
    found = [welch_interval(mine, yours, tail) for mine, yours in zip(ours.T, theirs.T)]
    return [(interval.low, interval.high) for interval in found]


def _smallest(ends: np.ndarray, margin: float) -> float:
    """By bisection. The margin is the same to both sides, and so is the answer."""
    low, high = 0.0, 4.0 * margin
    if passes(ends, margin).mean() <= 1.0 - SEEN:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2.0
        seen = passes(ends + middle, margin).mean() <= 1.0 - SEEN
        low, high = (low, middle) if seen else (middle, high)
    return high
