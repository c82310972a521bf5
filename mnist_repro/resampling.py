"""How often the gate alarms falsely, and how small a drop it sees, by drawing more samples like the stored ones. Pure.

Sixteen stored values are too few to take some of them for stored and others for measured ones. So both are drawn anew
for each simulated session, from a distribution made of the stored rows (a seed's metrics stay together): once a normal
one with their means and covariances, once the rows themselves, each with a little normal noise and drawn together so
that the covariance stays (a smoothed bootstrap, Silverman and Young 1987). What is drawn as stored has as many rows as
are stored. So that the error of the stored means counts too; the margins stay those of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Tuple

import numpy as np

from mnist_repro.baselines import SampleEntry
from mnist_repro.gate import AUTO_SEEDS, SESSION_LEVEL, compare_distributions, welch_interval
from mnist_repro.metrics import metrics_in_session
from mnist_repro.verdicts import Metric, Verdict, worst

SESSIONS = 2000
DROPS = 4000
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
        at_first: with 3 seeds; None where the comparison is seed by seed.
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
    entries = {recipe: entry for recipe, entry in stored.items() if not entry.paired}
    shares = {}
    for name, make in (("normal", _normal), ("smoothed", _smoothed)):
        generator = np.random.Generator(np.random.PCG64(SEED))
        draws = {recipe: make(_rows(entry), generator) for recipe, entry in entries.items()}
        first = auto = 0
        for _ in range(sessions):
            outcomes = [_judge(entry, draws[recipe], rung) for recipe, entry in entries.items()]
            first += not all(outcome[0] for outcome in outcomes)
            auto += not all(outcome[1] for outcome in outcomes)
        shares[name] = {"3": first / sessions, "auto": auto / sessions}
    return shares


def smallest_drops(recipe: str, entry: SampleEntry, rung: str) -> List[Drop]:
    """What the gate sees of each metric; seed by seed, that is the margin."""
    if entry.paired:
        return [Drop(recipe, metric, metric.margin, metric.margin, 1.0) for metric in entry.metrics]
    generator = np.random.Generator(np.random.PCG64(SEED))
    drops = []
    for at, metric in enumerate(entry.metrics):
        draw = _normal(_rows(entry)[:, at : at + 1], generator)
        tail = SESSION_LEVEL / metrics_in_session(rung) / 2.0
        ends = _intervals(draw, len(entry.samples), tail)
        passes_at_first = _passes(ends[:1], metric.margin, 0.0)
        drops.append(
            Drop(
                recipe,
                metric,
                _smallest(ends[:1], metric.margin),
                _smallest(ends, metric.margin),
                float(passes_at_first.mean()),
            )
        )
    return drops


def _judge(entry: SampleEntry, draw: Draw, rung: str) -> Tuple[bool, bool]:
    """Whether one simulated recipe passes with 3 seeds, and as `--seeds auto` would have it; by the gate itself."""
    theirs, ours = draw(len(entry.samples)), draw(AUTO_SEEDS[-1])
    verdicts = []
    for seeds in AUTO_SEEDS:
        verdicts.append(worst([_compare(entry, at, theirs, ours[:seeds], rung) for at in range(len(entry.metrics))]))
        if verdicts[-1] is not Verdict.INCONCLUSIVE:
            break
    return verdicts[0].passes, verdicts[-1].passes


def _compare(entry: SampleEntry, at: int, theirs: np.ndarray, ours: np.ndarray, rung: str) -> Verdict:
    stored, measured = (dict(enumerate(rows[:, at].tolist())) for rows in (theirs, ours))
    return compare_distributions(entry.metrics[at], stored, measured, rung, metrics_in_session(rung)).verdict


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


def _intervals(draw: Draw, stored: int, tail: float) -> np.ndarray:
    """Ends of the interval of the difference with each of `AUTO_SEEDS`: (seeds, sessions, 2)."""
    found = np.empty((len(AUTO_SEEDS), DROPS, 2))
    for session in range(DROPS):
        theirs, ours = draw(stored)[:, 0], draw(AUTO_SEEDS[-1])[:, 0]
        for at, seeds in enumerate(AUTO_SEEDS):
            interval = welch_interval(ours[:seeds], theirs, tail)
            found[at, session] = interval.low, interval.high
    return found


def _passes(ends: np.ndarray, margin: float, shift: float) -> np.ndarray:
    """Which sessions pass when what they measured is shifted, more seeds being taken while that is inconclusive."""
    passes = np.zeros(ends.shape[1], dtype=bool)
    undecided = ~passes
    for low, high in (ends + shift).transpose(0, 2, 1):
        inside = (-margin < low) & (high < margin)
        passes |= undecided & inside
        undecided &= ~inside & ~(low > margin) & ~(high < -margin)
    return passes


def _smallest(ends: np.ndarray, margin: float) -> float:
    """By bisection. The margin is the same to both sides, and so is the answer."""
    low, high = 0.0, 4.0 * margin
    if _passes(ends, margin, 0.0).mean() <= 1.0 - SEEN:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2.0
        seen = _passes(ends, margin, middle).mean() <= 1.0 - SEEN
        low, high = (low, middle) if seen else (middle, high)
    return high
