"""The words of the gate: what a comparison can end in, and the value that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional, Sequence, Tuple

from mnist_repro.gate.intervals import Interval


class Verdict(str, Enum):
    """How a comparison ends; only `EQUIVALENT` passes."""

    EQUIVALENT = "equivalent"
    CHANGED = "changed"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    INCOMPARABLE = "incomparable"

    @property
    def passes(self) -> bool:
        """Whether a gate lets it through."""
        return self is Verdict.EQUIVALENT


# What is said of several comparisons together: the first of these that is among them.
WORST_FIRST = (
    Verdict.INCOMPARABLE,
    Verdict.REGRESSED,
    Verdict.IMPROVED,
    Verdict.INCONCLUSIVE,
    Verdict.CHANGED,
    Verdict.EQUIVALENT,
)


def is_share(name: str) -> bool:
    """Whether a metric is a share of images, by its name."""
    return "accuracy" in name


@dataclass(frozen=True)
class Metric:
    """What is compared, and how large a difference does not matter.

    Args:
        name: such as ``test_loss after 20 epochs``.
        direction: which way is better, ``lower`` or ``higher``.
        margin: differences of means up to this are equivalent; in the metric's own unit.
        reason: why that margin.
    """

    name: str
    direction: str
    margin: float
    reason: str

    def __post_init__(self) -> None:
        if self.direction not in ("lower", "higher"):
            raise ValueError(f"direction of {self.name} is {self.direction!r}, not lower or higher")
        if not 0.0 < self.margin < float("inf"):
            raise ValueError(f"margin of {self.name} is {self.margin}, not a positive number")

    @property
    def is_share(self) -> bool:
        """Whether it is a share of images, which two runs may have alike by chance, as no two losses are."""
        return is_share(self.name)


@dataclass(frozen=True)
class Finding:
    """What became of one comparison.

    Args:
        rung: ``fingerprint``, ``subset``, ``full`` or ``published``.
        name: the metric, or the part of the fingerprint.
        verdict: how it ended.
        reason: why, as a sentence.
        stored: what was stored: a mean, or the text of a row.
        measured: what was measured, likewise.
        interval: of the difference of means, measured minus stored.
        margin: that the interval was held against.
        seeds_needed: seeds that would probably settle an inconclusive comparison.
    """

    rung: str
    name: str
    verdict: Verdict
    reason: str
    stored: str = ""
    measured: str = ""
    interval: Optional[Interval] = None
    margin: Optional[float] = None
    seeds_needed: Optional[int] = None


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on several comparisons together; of none at all: `INCOMPARABLE`."""
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.INCOMPARABLE)


@dataclass(frozen=True)
class Judgement:
    """The verdict on a recipe, with all that it rests on.

    Args:
        recipe: its name.
        findings: of every rung that was compared.
        notes: what a reader should know besides, such as a platform without fingerprint.
    """

    recipe: str
    findings: Tuple[Finding, ...]
    notes: Tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst finding."""
        return worst([finding.verdict for finding in self.findings])
