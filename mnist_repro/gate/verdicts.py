"""The verdicts of the gate, and the values that carry them: `Metric`, `Finding` and `Judgement`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional, Sequence, Tuple

from mnist_repro.gate.intervals import Interval


class Verdict(str, Enum):
    """The result of a comparison; only `EQUIVALENT` and, of a published figure, `REPRODUCED` pass."""

    EQUIVALENT = "equivalent"
    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    CHANGED = "changed"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    INCOMPARABLE = "incomparable"

    @property
    def passes(self) -> bool:
        """Whether the gate passes with this verdict."""
        return self in (Verdict.EQUIVALENT, Verdict.REPRODUCED)


# The verdict on several comparisons together is the first of these that occurs.
WORST_FIRST = (
    Verdict.INCOMPARABLE,
    Verdict.REGRESSED,
    Verdict.IMPROVED,
    Verdict.NOT_REPRODUCED,
    Verdict.INCONCLUSIVE,
    Verdict.CHANGED,
    Verdict.REPRODUCED,
    Verdict.EQUIVALENT,
)


def is_share(name: str) -> bool:
    """Whether a metric is a share of images, by its name."""
    return "accuracy" in name


@dataclass(frozen=True)
class Metric:
    """A metric to compare, and the largest difference that does not matter.

    Args:
        name: such as ``test_loss after 20 epochs``.
        direction: the better direction, ``lower`` or ``higher``.
        margin: differences of means up to this are equivalent; in the metric's own unit.
        reason: why the margin has this value.
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
        """Whether the metric is a share of images. Two runs can have equal shares by chance, but not equal losses."""
        return is_share(self.name)


@dataclass(frozen=True)
class Finding:
    """The result of one comparison.

    Args:
        rung: ``fingerprint``, ``subset``, ``full`` or ``published``.
        name: the metric, or the part of the fingerprint.
        verdict: the verdict.
        reason: reason of the verdict, as a sentence.
        stored: the stored value: a mean, or the text of a row.
        measured: the measured value, in the same form.
        interval: interval of the difference of means, measured minus stored.
        margin: the margin that the interval was compared with.
        seeds_needed: seeds that would probably settle an inconclusive comparison.
        known: why this verdict is expected, although it does not pass; empty if it is not expected.
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
    known: str = ""

    @property
    def passes(self) -> bool:
        """Whether the gate passes with this finding."""
        return self.verdict.passes or bool(self.known)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on several comparisons together; `INCOMPARABLE` if there is none."""
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.INCOMPARABLE)


@dataclass(frozen=True)
class Judgement:
    """The verdict on a recipe, with its findings.

    Args:
        recipe: name of the recipe.
        findings: findings of every rung that was compared.
        notes: further facts for the reader, such as a platform without a fingerprint.
    """

    recipe: str
    findings: Tuple[Finding, ...]
    notes: Tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst finding."""
        return worst([finding.verdict for finding in self.findings])

    @property
    def passes(self) -> bool:
        """Whether there are findings, and all of them pass."""
        return bool(self.findings) and all(finding.passes for finding in self.findings)
