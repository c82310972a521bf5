"""Compares our runs with one published run: reproduced, not reproduced, or inconclusive. Pure.

A published figure is the result of one run, and one run strays by a standard deviation of its own. So a difference can
only be judged in such standard deviations, and no number of our seeds makes the published run more precise.
docs/explanation/published-figures.md shows how often each verdict comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import List, Optional, Sequence

import numpy as np

from mnist_repro.gate.intervals import Interval, f_probability, standard_deviation, student_t
from mnist_repro.gate.sentence import joined, say
from mnist_repro.gate.statistics import FEWEST_STORED, MOST_SEEDS_FORETOLD, Samples
from mnist_repro.gate.verdicts import Finding, Verdict

# Differences smaller than this many standard deviations of one run do not matter. Much less could not be settled by any
# number of seeds; and RMSprop's epsilon, the drift that must not pass, moves the loss by 4.5 of them.
MATTERS = 3.8
# The probability, in a session without any difference, of "not reproduced" for at least one figure. Stored samples are
# not quite normal: in sessions simulated from them it is up to four times as often, and below 1 %.
FALSE_ALARMS = 0.002
# The probability of "reproduced" for a difference that just matters.
MISSES = 0.05
SPREAD_CHANGED = "the spread itself has changed"
# The spread has changed if an unchanged one would look so different less often than this.
_SPREAD_LEVEL = 0.01


@dataclass(frozen=True)
class _Spread:
    """How far one run strays.

    Args:
        deviation: standard deviation of one run.
        freedom: degrees of freedom of the deviation.
        matters: the smallest difference that matters.
        note: what a reader must know of the spread; empty if it is as expected.
    """

    deviation: float
    freedom: int
    matters: float
    note: str = ""


def compare_with_one_run(
    name: str, published: float, measured: Samples, stored: Samples, comparisons: int, looks: int = 1
) -> Finding:
    """Compare a published value with our runs.

    The finding's interval says where a further run of ours would land, its margin is the smallest difference that
    matters; both are None if the runs do not say.

    The difference is shown to be there if the published value lies outside the prediction interval of one more run. It
    is shown not to matter if two one-sided tests (Schuirmann 1987) exclude `MATTERS` standard deviations.

    Args:
        name: name of the value.
        published: the value of the one published run.
        measured: our values by seed.
        stored: values of stored runs of the same figure by seed, for their spread; not used if they are fewer than
            `FEWEST_STORED`. Stored runs of measured seeds may be the same runs, and are not counted twice.
        comparisons: number of published figures that a session compares; they share `FALSE_ALARMS` (Bonferroni).
        looks: how often the session may look again with more seeds; the looks share `FALSE_ALARMS`. They do not share
            `MISSES`: each look sees the same published run, and a session of several figures stays below it.
    """
    values = [measured[seed] for seed in sorted(measured)]
    mean = float(np.mean(values)) if values else math.nan
    made = partial(Finding, name, stored=f"{published:.6g}", measured=f"{mean:.6g}", absolute=True)
    flaw = _flaw(values)
    if flaw:
        return made(Verdict.INCOMPARABLE, flaw)
    spread = _spread(values, list(stored.values()), [value for seed, value in stored.items() if seed not in measured])
    if spread is None:
        return made(Verdict.INCONCLUSIVE, _unknown_spread(values), seeds_needed=len(values) + 2)
    difference = abs(published - mean)
    alarm = FALSE_ALARMS / comparisons / looks / 2.0
    reach = _reach(spread, len(values), alarm)
    verdict = _verdict(difference, spread, len(values), alarm)
    needed = _seeds_needed(difference, spread, len(values), alarm) if verdict is Verdict.INCONCLUSIVE else None
    reason = joined([*_reasons(verdict, difference, spread, needed), *filter(None, [spread.note])])
    interval = Interval(mean - reach, mean + reach)
    return made(verdict, reason, interval=interval, margin=spread.matters, seeds_needed=needed)


def _flaw(values: Sequence[float]) -> str:
    """Why there is nothing to compare; empty if there is something."""
    if not values:
        return "it was not measured"
    odd = next((value for value in values if not math.isfinite(value)), None)
    return "" if odd is None else say("it is {value} for one of {count:seed}", value=str(odd), count=len(values))


def _unknown_spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return say("one seed says nothing about spread, and fewer than {count} runs are stored", count=FEWEST_STORED)
    value = f"{values[0]:.6g}"
    return say("all {count} seeds gave {value}, so that their spread is not known", count=len(values), value=value)


def _spread(values: Sequence[float], stored: Sequence[float], others: Sequence[float]) -> Optional[_Spread]:
    """The spread of one run; None if it is not known.

    Args:
        values: measured values.
        stored: values of all stored runs: they say which difference matters.
        others: those of them that are of other seeds: their spread is pooled with that of ``values``.
    """
    own, others_own = _deviation(values), _deviation(others)
    before = _deviation(stored) if len(stored) >= FEWEST_STORED else 0.0
    own_freedom, freedom = len(values) - 1, len(others) - 1
    if not own and (own_freedom or not (before and others_own)):
        return None
    if not (before and others_own):
        return _Spread(own, own_freedom, MATTERS * (before or own))
    matters = MATTERS * before
    if not own:
        return _Spread(others_own, freedom, matters)
    note = ""
    if _differ(own, own_freedom, others_own, freedom):
        template = f"{SPREAD_CHANGED}: standard deviation {{own}} here, {{stored}} in stored runs"
        note = say(template, own=f"{own:.2g}", stored=f"{others_own:.2g}")
        if own > others_own:
            return _Spread(own, own_freedom, matters, note)
    both = freedom + own_freedom
    pooled = math.sqrt((freedom * others_own**2 + own_freedom * own**2) / both)
    return _Spread(pooled, both, matters, note)


def _deviation(values: Sequence[float]) -> float:
    """Standard deviation; exactly 0 if it is not known, or all values are the same."""
    return standard_deviation(values) if len(values) > 1 and min(values) < max(values) else 0.0


def _differ(own: float, freedom: int, before: float, freedom_before: int) -> bool:
    """Whether two standard deviations differ, by the two-sided F test."""
    below = f_probability(freedom, freedom_before, (own / before) ** 2)
    return 2.0 * min(below, 1.0 - below) < _SPREAD_LEVEL


def _reach(spread: _Spread, seeds: int, tail: float) -> float:
    """Half the length of the interval of one run's distance from the mean of ``seeds`` runs."""
    return -student_t(spread.freedom, tail) * spread.deviation * math.sqrt(1.0 + 1.0 / seeds)


def _verdict(difference: float, spread: _Spread, seeds: int, alarm: float) -> Verdict:
    if difference + _reach(spread, seeds, MISSES) < spread.matters:
        return Verdict.REPRODUCED
    if difference > _reach(spread, seeds, alarm):
        return Verdict.NOT_REPRODUCED
    return Verdict.INCONCLUSIVE


def _seeds_needed(difference: float, spread: _Spread, seeds: int, alarm: float) -> Optional[int]:
    """The number of seeds that would settle it if mean and spread stayed the same; None if no number would.

    `FEWEST_STORED` if no number would, but fewer runs say how far one run strays.
    """

    def settles(count: int) -> bool:
        later = _Spread(spread.deviation, spread.freedom + count - seeds, spread.matters)
        return _verdict(difference, later, count, alarm) is not Verdict.INCONCLUSIVE

    # More seeds only shorten the intervals, so that the last number settles it if any does.
    if not settles(MOST_SEEDS_FORETOLD):
        # A spread that is known from a few seeds alone will not stay the same, and neither will this forecast.
        return FEWEST_STORED if spread.freedom < FEWEST_STORED - 1 else None
    return next(count for count in range(seeds + 1, MOST_SEEDS_FORETOLD + 1) if settles(count))


def _reasons(verdict: Verdict, difference: float, spread: _Spread, needed: Optional[int]) -> List[str]:
    apart = "the published run lies {away} standard deviations of one run away"
    values = {"away": f"{difference / spread.deviation:.1f}", "matters": f"{spread.matters:.2g}"}
    if verdict is Verdict.REPRODUCED:
        return [say(f"{apart}, and a difference of {{matters}} or more is excluded", **values)]
    if verdict is Verdict.NOT_REPRODUCED:
        return [say(f"{apart}, farther than one more run would land", **values)]
    unsettled = say(f"{apart}, which neither excludes a difference of {{matters}} nor shows one", **values)
    if needed is None:
        return [unsettled, "if mean and spread stay the same, no number of seeds settles it"]
    return [unsettled, say("{count:seed} would probably settle it", count=needed)]
