"""The margins of a new baseline: how large a difference does not matter, chosen from samples, with the reason. Pure."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Sequence

from mnist_repro.errors import BadInput
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.statistics import PAIRED_TOLERANCE
from mnist_repro.gate.verdicts import Metric, is_share

# The margin of a metric, in standard deviations of the stored samples.
DEVIATIONS = 5.0
# Margin in images: rounding may change the class of one image on a boundary, but not of two.
IMAGES = 1.5
# So many stored samples say enough about their spread that a clean session hardly ever fails.
MANY_SEEDS = 16


def paired_metric(name: str, direction: str, values: Sequence[float], test_images: int) -> Metric:
    """A metric that is compared seed by seed; its margin is the largest effect of float32 rounding."""
    if is_share(name):
        reason = f"{IMAGES} of {test_images:,} images: rounding may move one that lies on a boundary, not two"
        return Metric(name, direction, IMAGES / test_images, reason)
    mean = sum(values) / len(values)
    reason = (
        f"{PAIRED_TOLERANCE:.0e} of the mean: seed by seed float32 rounding stays below on every TensorFlow and CPU"
    )
    return Metric(name, direction, float(f"{PAIRED_TOLERANCE * abs(mean):.3g}"), reason)


def spread_metric(name: str, direction: str, values: Sequence[float]) -> Metric:
    """A metric that is compared as a distribution; its margin is so wide that clean runs almost never differ.

    Raises:
        BadInput: all values are equal, or there is only one value.
    """
    # Not `deviation == 0`: the mean is rounded, so that equal values may have a small deviation.
    if min(values) == max(values):
        raise BadInput(
            f"{name} is {values[0]} for all of {len(values)} seeds",
            "samples without spread say nothing about how far apart clean runs lie",
            "record more seeds with --seeds N, or look for why the seed changes nothing",
        )
    reason = f"{DEVIATIONS:.0f} standard deviations of the {len(values)} recorded samples: {_false_alarms(len(values))}"
    return Metric(name, direction, rounded_up(DEVIATIONS * standard_deviation(values)), reason)


def _false_alarms(stored: int) -> str:
    """The share of false alarms of such margins, as `mnist-repro power` found it."""
    if stored >= MANY_SEEDS:
        return (
            "with 16 stored and at most 10 measured, --seeds auto then fails a clean session of all metrics "
            "less than once in 100, tails heavier than normal included"
        )
    return (
        "with as few as 10 stored and at most 10 measured, --seeds auto then fails a clean session of all metrics "
        "2 to 5 times in 100, because so few samples say little of their spread"
    )


def rounded_up(value: float) -> float:
    """A positive number, rounded up to two significant digits."""
    exact = Decimal(repr(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), rounding=ROUND_CEILING))
