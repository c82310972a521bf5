"""The statistics of a comparison: two samples, seed by seed or as distributions, give a finding. Pure.

The statement of a gate: if a metric is off by its margin or more, the check passes in at most 5 % of sessions, all
looks together. Every metric of a check must pass, so that passing needs no correction for their number (the
intersection-union test, Berger 1982); each look has its share of the level. An equivalence is shown by two one-sided
tests (Schuirmann 1987), which is an interval of 90 %; "no worse" by one of them. Only what claims a direction,
``regressed`` and ``improved``, shares the level among the metrics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Mapping, Optional

import numpy as np

from mnist_repro.gate.intervals import Interval, welch_reach
from mnist_repro.gate.sentence import Sentence, say
from mnist_repro.gate.verdicts import LOWER, NO_WORSE, SAME, Finding, Metric, Verdict

# The probability that a check passes although a metric is off by its margin.
LEVEL = 0.05
# Fewer stored values say too little about their spread.
FEWEST_STORED = 10
# In a comparison seed by seed the spread does not matter; but fewer values could not show an effect of the seed.
FEWEST_PAIRED = 3
# The numbers of seeds that `--gate-seeds auto` tries, in order.
AUTO_SEEDS = (5, 10)
# If this seed gives the stored bits, the code is the same, and more seeds would show nothing new. Not 0: else code that
# uses 0 for every seed would not be noticed.
SAME_BITS_SEED = 1
MOST_SEEDS_FORETOLD = 1000

SAME_STORED = "all {count} stored samples are the same, so that their spread is not known"

# A metric's value for each seed.
Samples = Mapping[int, float]


@dataclass(frozen=True)
class _Comparison:
    """Two samples of a metric, from which findings are made."""

    metric: Metric
    stored: Samples
    measured: Samples

    def found(
        self, verdict: Verdict, why: str, interval: Optional[Interval] = None, needed: Optional[int] = None
    ) -> Finding:
        means = (_mean(self.stored), _mean(self.measured))
        return Finding(self.metric.name, verdict, why, *means, interval, self.metric.margin, needed)

    def degenerate(self, fewest_stored: int, fewest_measured: int) -> Optional[Finding]:
        """The finding if the samples cannot be compared, else None."""
        flaw = self._flaw(fewest_stored)
        if flaw:
            return self.found(Verdict.INCOMPARABLE, flaw)
        if len(self.measured) < fewest_measured:
            template = "{count:seed} says nothing about spread, {needed} or more do"
            why = say(template, count=len(self.measured), needed=fewest_measured)
            return self.found(Verdict.INCONCLUSIVE, why, None, AUTO_SEEDS[0])
        return None

    def _flaw(self, fewest_stored: int) -> str:
        """Why the samples are incomparable; empty if they are not."""
        stored, measured = self.stored, self.measured
        if not stored:
            return "nothing is stored for this metric"
        if not measured:
            return "it was not measured"
        for whose, samples in (("stored", stored), ("measured", measured)):
            for seed, value in samples.items():
                if not math.isfinite(value):
                    return say(f"{whose} is {{value}} for seed {{seed}}", value=str(value), seed=seed)
        if len(stored) < fewest_stored:
            return say("{count:stored sample}: too few, {needed} are needed", count=len(stored), needed=fewest_stored)
        if len(set(stored.values())) == 1:
            return say(SAME_STORED, count=len(stored))
        # Where stored values repeat, as a share of few cases does, measured ones may do so by chance.
        repeats = len(set(stored.values())) < len(stored)
        if len(measured) > 1 and len(set(measured.values())) == 1 and not repeats:
            template = "identical for all {count} seeds: this looks like one run counted {count} times"
            return say(template, count=len(measured))
        return ""


def beyond(metric: Metric, difference: float) -> Verdict:
    """The verdict on a difference, measured minus stored, that is beyond the metric's margin."""
    if metric.direction == SAME:
        return Verdict.CHANGED
    if (difference < 0.0) is (metric.direction == LOWER):
        return Verdict.BETTER if metric.claim == NO_WORSE else Verdict.IMPROVED
    return Verdict.REGRESSED


def within(metric: Metric, interval: Interval) -> bool:
    """Whether an interval of the difference lies within the margin; for "no worse", on the side for the worse."""
    above, below = interval.high < metric.margin, -metric.margin < interval.low
    if metric.claim == NO_WORSE:
        return above if metric.direction == LOWER else below
    return above and below


def compare_seed_by_seed(metric: Metric, stored: Samples, measured: Samples) -> Finding:
    """Compare every measured seed with the stored run of the same seed. The margin applies to each, in its own unit."""
    samples = _Comparison(metric, stored, measured)
    broken = samples.degenerate(FEWEST_PAIRED, fewest_measured=1)
    if broken:
        return broken
    strangers = sorted(set(measured) - set(stored))
    if strangers:
        why = say("no run of {seeds} is stored, only of {stored}", seeds=strangers, stored=sorted(stored))
        return samples.found(Verdict.INCOMPARABLE, why)
    # The means in the finding are comparable only if they are of the same seeds.
    samples = replace(samples, stored={seed: stored[seed] for seed in measured})
    differences = {seed: measured[seed] - stored[seed] for seed in sorted(measured)}
    furthest = max(differences, key=lambda seed: abs(differences[seed]))
    if abs(differences[furthest]) <= metric.margin:
        why = within_text("seed by seed within {margin}", abs(differences[furthest]), margin=f"{metric.margin:.2g}")
        return samples.found(Verdict.NO_WORSE if metric.claim == NO_WORSE else Verdict.EQUIVALENT, why)
    mean = float(np.mean(list(differences.values()))) or differences[furthest]
    if metric.claim == NO_WORSE:
        # One seed that is worse fails, whatever the others do.
        outside = {seed: each for seed, each in differences.items() if abs(each) > metric.margin}
        worse = [seed for seed, each in outside.items() if beyond(metric, each) is Verdict.REGRESSED]
        furthest = max(worse or outside, key=lambda seed: abs(outside[seed]))
        mean = outside[furthest]
    why = say(
        "seed {seed} gave {measured}, stored is {stored}: {difference} where {margin} is allowed",
        seed=furthest,
        measured=f"{measured[furthest]:.7g}",
        stored=f"{stored[furthest]:.7g}",
        difference=f"{differences[furthest]:+.2e}",
        margin=f"{metric.margin:.2g}",
    )
    return samples.found(beyond(metric, mean), why)


def compare_distributions(
    metric: Metric, stored: Samples, measured: Samples, metrics: int = 1, looks: int = 1
) -> Finding:
    """Compare Welch's interval of the difference of means with the metric's margin.

    Args:
        metric: the metric to compare.
        stored: at least `FEWEST_STORED` values, not all the same.
        measured: at least two values, or one that is the same as stored to the last bit.
        metrics: number of metrics in the check; they share the level of a claim that one has regressed or improved.
        looks: how often the session may look, with more seeds each time; they share the level.
    """
    samples = _Comparison(metric, stored, measured)
    same_bits = bool(measured) and all(stored.get(seed) == value for seed, value in measured.items())
    broken = samples.degenerate(FEWEST_STORED, fewest_measured=1 if same_bits else 2)
    if broken:
        return broken
    if same_bits:
        why = say("the same bits as stored for {seeds}", seeds=sorted(measured))
        return samples.found(Verdict.EQUIVALENT, why)
    tail = LEVEL / looks
    measured_values, stored_values = _values(measured), _values(stored)
    interval = welch_interval(measured_values, stored_values, tail)
    claimed = welch_interval(measured_values, stored_values, tail / metrics / 2.0)
    off = claimed.low > metric.margin or claimed.high < -metric.margin
    if within(metric, interval):
        if metric.claim != NO_WORSE:
            return samples.found(Verdict.EQUIVALENT, "the difference lies within the margin, proven", interval)
        if off:
            return samples.found(Verdict.BETTER, "better by more than the margin, proven: worth recording", interval)
        return samples.found(Verdict.NO_WORSE, "not worse by the margin, proven", interval)
    if off:
        return samples.found(beyond(metric, claimed.low), "the difference lies beyond the margin, proven", interval)
    needed = _seeds_needed(metric, measured_values, stored_values, tail, metrics)
    hint = "{count:seed} would probably settle it" if needed else "no number of seeds is likely to settle it"
    why = say(f"the interval of the difference crosses the margin: {hint}", count=needed or 0)
    return samples.found(Verdict.INCONCLUSIVE, why, interval, needed)


def within_text(template: str, furthest: float, **values: Any) -> Sentence:
    """The reason of values that are near enough, with the largest difference, if there is any."""
    if not furthest:
        return say(f"{template}, every value the same", **values)
    return say(f"{template}, at most {{apart}} apart", apart=f"{furthest:.1e}", **values)


def welch_interval(measured: np.ndarray, stored: np.ndarray, tail: float) -> Interval:
    """The interval of the difference of means, measured minus stored, with probability ``tail`` beyond each end.

    Source: Welch 1947.
    """
    difference = float(measured.mean() - stored.mean())
    reach = float(welch_reach(measured.var(ddof=1), np.array(len(measured)), stored.var(ddof=1), len(stored), tail))
    return Interval(difference - reach, difference + reach)


def _seeds_needed(metric: Metric, measured: np.ndarray, stored: np.ndarray, tail: float, metrics: int) -> Optional[int]:
    """The number of seeds that would decide the comparison if mean and spread stay the same; None if too many."""
    difference, margin = float(measured.mean() - stored.mean()), metric.margin
    counts = np.arange(len(measured) + 1, MOST_SEEDS_FORETOLD + 1)
    proven, claimed = (
        welch_reach(measured.var(ddof=1), counts, stored.var(ddof=1), len(stored), share)
        for share in (tail, tail / metrics / 2.0)
    )
    above, below = difference + proven < margin, -margin < difference - proven
    inside = above & below
    if metric.claim == NO_WORSE:
        inside = above if metric.direction == LOWER else below
    settled = counts[inside | (difference - claimed > margin) | (difference + claimed < -margin)]
    return int(settled[0]) if len(settled) else None


def _values(samples: Samples) -> np.ndarray:
    return np.array([samples[seed] for seed in sorted(samples)], dtype=np.float64)


def _mean(samples: Samples) -> str:
    return f"{float(np.mean(list(samples.values()))):.6g}" if samples else ""
