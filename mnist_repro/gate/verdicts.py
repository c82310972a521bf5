"""The verdicts of the gate, and the values that carry them: `Metric`, `Finding` and `Judgement`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional, Sequence, Tuple

from mnist_repro.gate.intervals import Interval


class Verdict(str, Enum):
    """The result of a comparison.

    `EQUIVALENT` passes; where the claim is "no worse", `NO_WORSE` and `BETTER`; of a published figure, `REPRODUCED`.
    """

    EQUIVALENT = "equivalent"
    NO_WORSE = "no worse"
    BETTER = "better"
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
        return self in (Verdict.EQUIVALENT, Verdict.NO_WORSE, Verdict.BETTER, Verdict.REPRODUCED)


# The verdict on several comparisons together is the first of these that occurs.
WORST_FIRST = (
    Verdict.INCOMPARABLE,
    Verdict.REGRESSED,
    Verdict.IMPROVED,
    Verdict.NOT_REPRODUCED,
    Verdict.INCONCLUSIVE,
    Verdict.CHANGED,
    Verdict.BETTER,
    Verdict.REPRODUCED,
    Verdict.NO_WORSE,
    Verdict.EQUIVALENT,
)
# The better direction of a metric; SAME where there is none.
LOWER, HIGHER, SAME = "lower", "higher", "same"
# What a gate claims of a metric: the same within the margin, or worse by less than the margin.
EQUIVALENT, NO_WORSE = "equivalent", "no worse"


@dataclass(frozen=True)
class Metric:
    """A metric to compare, and the largest difference that does not matter.

    Args:
        name: such as ``test_loss after 20 epochs``.
        direction: the better direction: ``lower``, ``higher``, or ``same`` if neither is better.
        margin: differences of means below this do not matter; in the metric's own unit.
        reason: why the margin has this value.
        claim: ``equivalent``: no difference beyond the margin; ``no worse``: no difference for the worse.
    """

    name: str
    direction: str
    margin: float
    reason: str
    claim: str = EQUIVALENT

    def __post_init__(self) -> None:
        if self.direction not in (LOWER, HIGHER, SAME):
            raise ValueError(f"direction of {self.name} is {self.direction!r}, not lower, higher or same")
        if self.claim not in (EQUIVALENT, NO_WORSE):
            raise ValueError(f"claim of {self.name} is {self.claim!r}, not equivalent or no worse")
        if self.claim == NO_WORSE and self.direction == SAME:
            raise ValueError(f"claim of {self.name} is no worse, but no direction says what is worse")
        if not 0.0 < self.margin < float("inf"):
            raise ValueError(f"margin of {self.name} is {self.margin}, not a positive number")


@dataclass(frozen=True)
class Finding:
    """The result of one comparison.

    Args:
        name: the metric, or the part of the fingerprint.
        verdict: the verdict.
        reason: reason of the verdict, as a sentence.
        stored: the stored value: a mean, or the text of a row.
        measured: the measured value, in the same form.
        interval: interval of the difference of means, measured minus stored.
        margin: the margin that the interval was compared with.
        seeds_needed: seeds that would probably settle an inconclusive comparison.
        known: why this verdict is expected, although it does not pass; empty if it is not expected.
        absolute: whether the interval is one of values, and not of differences.
    """

    name: str
    verdict: Verdict
    reason: str
    stored: str = ""
    measured: str = ""
    interval: Optional[Interval] = None
    margin: Optional[float] = None
    seeds_needed: Optional[int] = None
    known: str = ""
    absolute: bool = False

    @property
    def passes(self) -> bool:
        """Whether the gate passes with this finding."""
        return self.verdict.passes or bool(self.known)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on several comparisons together; `INCOMPARABLE` if there is none."""
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.INCOMPARABLE)


@dataclass(frozen=True)
class Judgement:
    """The verdict of a comparison, with its findings.

    Args:
        findings: a finding for each metric, or part of the fingerprint.
        notes: further facts for the reader, such as a platform without a fingerprint.
    """

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
