"""The margins of a new baseline: how large a difference does not matter, chosen from samples, with the reason. Pure."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any, Mapping, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.verdicts import EQUIVALENT, Metric

# So many stored samples say enough about their spread; with fewer, margins are wider.
MANY_SEEDS = 16
# The margin of a metric, in standard deviations of the stored samples: of many, and of fewer.
DEVIATIONS, DEVIATIONS_OF_FEWER = 3.0, 4.0


def deviations(stored: int) -> float:
    """The margin of a metric in standard deviations, by the number of stored samples."""
    return DEVIATIONS if stored >= MANY_SEEDS else DEVIATIONS_OF_FEWER


def spread_metric(name: str, direction: str, values: Sequence[float], claim: str = EQUIVALENT) -> Metric:
    """A metric that is compared as a distribution; its margin is so wide that clean runs hardly ever fail.

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
    multiple = deviations(len(values))
    deviation = standard_deviation(values)
    if not 0.0 < multiple * deviation < float("inf"):
        raise BadInput(
            f"{name} lies between {min(values):.3g} and {max(values):.3g}",
            "floats cannot hold the standard deviation of that",
            "measure it in another unit",
        )
    reason = f"{multiple:.0f} standard deviations of the {len(values)} recorded samples"
    return Metric(name, direction, rounded_up(multiple * deviation), reason, claim)


def rounded_up(value: float) -> float:
    """A positive number, rounded up to two significant digits."""
    exact = Decimal(repr(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), rounding=ROUND_CEILING))


def require_spread(name: str, values: Mapping[int, float]) -> None:
    """Make sure that the samples of a metric can be compared with others.

    Raises:
        BadInput: one is not finite, or all are the same.
    """
    require_finite(name, values)
    if len(set(values.values())) == 1:
        raise BadInput(
            f"{name} is {next(iter(values.values()))} for all of {len(values)} seeds",
            "samples without spread cannot be compared as samples",
            "gate.fingerprint compares values that are always the same",
        )


def require_finite_cases(name: str, cases: Mapping[str, Sequence[float]]) -> None:
    """Make sure that the values of cases can be compared; raises as `require_finite` does."""
    for case, values in cases.items():
        for value in values:
            require_finite(name, {f"case {case}": value})


def require_finite(name: str, values: Mapping[Any, float]) -> None:
    """Make sure that values can be compared.

    Raises:
        BadInput: one is NaN or infinite.
    """
    odd = next((where for where, value in values.items() if not abs(value) < float("inf")), None)
    if odd is not None:
        raise BadInput(
            f"{name} is {values[odd]} for {odd if isinstance(odd, str) else f'seed {odd}'}",
            "nothing can be compared with what is not a finite number, so that nothing is recorded",
            "find out why, then record again",
        )
