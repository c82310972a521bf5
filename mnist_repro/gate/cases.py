"""The statistics of paired cases: the same prompts, images or problems, before and now. Pure.

With one yes or no for each case, the bound of the difference is that of Bonett and Price (2012) for paired proportions:
a t interval on differences of 0 and 1 is too narrow below some hundred cases. Repeats and scores are averaged for each
case, because repeats of a case are no new cases; then t holds on the differences of the cases.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import List, Mapping, Optional, Sequence

import numpy as np

from mnist_repro.display import counted
from mnist_repro.gate.intervals import Interval, student_t
from mnist_repro.gate.statistics import LEVEL, beyond, within
from mnist_repro.gate.verdicts import LOWER, NO_WORSE, SAME, Finding, Metric, Verdict

# Fewer cases cannot show anything; fewer scores are not near enough to a normal distribution.
FEWEST_CASES = 10
FEWEST_SCORES = 50
_MOST_FORETOLD = 100_000

# The values of each case: one, or one for each repeat.
Cases = Mapping[str, Sequence[float]]


def compare_cases(metric: Metric, stored: Cases, measured: Cases, metrics: int = 1) -> Finding:
    """Compare the measured cases with the stored ones, paired by their names.

    Args:
        metric: the metric, with its margin and claim.
        stored: the stored values of each case.
        measured: the measured values of the same cases.
        metrics: number of metrics in the check; they share the level of a claim of direction.
    """
    before, now = (np.array([sum(cases[name]) / len(cases[name]) for name in stored]) for cases in (stored, measured))
    means = (f"{before.mean():.6g}", f"{now.mean():.6g}")

    def found(verdict: Verdict, why: str, interval: Optional[Interval] = None) -> Finding:
        return Finding(metric.name, verdict, why, *means, interval, metric.margin)

    lost = next((name for name in stored if not all(map(math.isfinite, (*stored[name], *measured[name])))), None)
    if lost is not None:
        return found(Verdict.INCOMPARABLE, f"case {lost} is not a finite number")
    few = too_few(stored, measured)
    if few:
        return found(Verdict.INCOMPARABLE, few)
    binary = is_binary(stored) and is_binary(measured)
    interval, claimed = (_interval(before, now, tail, binary) for tail in (LEVEL, LEVEL / metrics / 2.0))
    if within(metric, interval):
        if metric.claim == NO_WORSE and (claimed.low > metric.margin or claimed.high < -metric.margin):
            return found(Verdict.BETTER, "better by more than the margin, proven: worth recording", interval)
        verdict = Verdict.NO_WORSE if metric.claim == NO_WORSE else Verdict.EQUIVALENT
        return found(verdict, f"within the margin for {len(stored)} cases, proven", interval)
    off = _worst(stored, metric, now - before)
    if claimed.low > metric.margin or claimed.high < -metric.margin:
        return found(beyond(metric, claimed.low), f"beyond the margin, proven{off}", interval)
    needed = _cases_needed(metric, before, now, binary)
    hint = f"{needed:,} such cases would probably settle it" if needed else "more cases are not likely to settle it"
    return found(Verdict.INCONCLUSIVE, f"the interval of the difference crosses the margin: {hint}{off}", interval)


def is_binary(cases: Cases) -> bool:
    """Whether every case has one value that is 0 or 1."""
    return all(len(values) == 1 and values[0] in (0.0, 1.0) for values in cases.values())


def too_few(*sides: Cases) -> str:
    """Why there are too few cases to compare; empty if there are enough."""
    fewest, what = (FEWEST_CASES, "cases") if all(map(is_binary, sides)) else (FEWEST_SCORES, "cases with scores")
    count = len(sides[0])
    return f"{counted(count, 'case')}: fewer than {fewest} {what} cannot show a difference" if count < fewest else ""


def _interval(before: np.ndarray, now: np.ndarray, tail: float, binary: bool) -> Interval:
    """The interval of the mean difference, now minus before, with probability ``tail`` beyond each end."""
    count = len(before)
    if binary:
        gained, lost = (float(((now - before) == sign).sum() + 1) / (count + 2) for sign in (1.0, -1.0))
        error = math.sqrt((gained + lost - (gained - lost) ** 2) / (count + 2))
        reach = -NormalDist().inv_cdf(tail) * error
        return Interval(gained - lost - reach, gained - lost + reach)
    differences = now - before
    reach = -student_t(count - 1, tail) * float(differences.std(ddof=1)) / math.sqrt(count)
    return Interval(float(differences.mean()) - reach, float(differences.mean()) + reach)


def _cases_needed(metric: Metric, before: np.ndarray, now: np.ndarray, binary: bool) -> Optional[int]:
    """The number of cases that would settle it if all went on as they do; None if too many."""
    copies = 2
    while len(before) * copies <= _MOST_FORETOLD:
        if within(metric, _interval(np.tile(before, copies), np.tile(now, copies), LEVEL, binary)):
            return len(before) * copies
        copies += max(1, copies // 4)
    return None


def _worst(stored: Cases, metric: Metric, differences: np.ndarray) -> str:
    """The cases that went furthest for the worse, by name."""
    if metric.direction == SAME:
        return ""
    names: List[str] = list(stored)
    sign = 1.0 if metric.direction == LOWER else -1.0
    order = sorted(range(len(names)), key=lambda at: -sign * differences[at])
    bad = [names[at] for at in order if sign * differences[at] > 0.0]
    more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
    return f"; worse: {', '.join(bad[:5])}{more}" if bad else ""
