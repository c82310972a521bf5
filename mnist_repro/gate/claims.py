"""What a test claims of a metric: `higher`, `lower` or `same`, with a margin or without. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Mapping, Optional, Sequence, Union

from mnist_repro.errors import BadInput
from mnist_repro.gate.margins import rounded_up, spread_metric
from mnist_repro.gate.verdicts import EQUIVALENT, HIGHER, LOWER, NO_WORSE, SAME, Metric

# The name of the metric where a run gives one number.
VALUE = "value"


@dataclass(frozen=True)
class Claim:
    """A claim about one metric. Make it with `higher`, `lower` or `same`, which check the margin.

    Args:
        direction: the better direction: ``higher``, ``lower``, or ``same`` if neither is better.
        margin: the smallest difference that matters, in the metric's unit; None: from the spread when it is recorded.
        relative: the same, as a share of the recorded mean.
        both: whether a difference for the better must not pass either.
        reason: why the margin has this value.
    """

    direction: str
    margin: Optional[float] = None
    relative: Optional[float] = None
    both: bool = True
    reason: str = ""

    @property
    def words(self) -> str:
        """The claim as it is stored: ``equivalent`` or ``no worse``."""
        return EQUIVALENT if self.both else NO_WORSE

    def recorded(self, name: str, values: Sequence[float]) -> Metric:
        """The metric to store with these recorded values.

        Raises:
            BadInput: the values have no spread.
        """
        if self.margin is None and self.relative is None:
            return spread_metric(name, self.direction, values, self.words)
        return self.stated(name, values)

    def stated(self, name: str, values: Sequence[float]) -> Metric:
        """The metric to store with the margin that the claim states."""
        margin = self.margin if self.margin is not None else self._of_mean(values)
        return Metric(name, self.direction, float(margin), self.reason or "stated in the test", self.words)

    def contradiction(self, stored: Metric, values: Sequence[float]) -> str:
        """What a stored metric says otherwise than this claim; empty if nothing.

        Args:
            stored: the stored metric.
            values: the stored values.
        """
        stated = self.margin if self.margin is not None else self._of_mean(values) if self.relative else stored.margin
        pairs = (
            ("direction", self.direction, stored.direction),
            ("claim", self.words, stored.claim),
            ("margin", float(stated), stored.margin),
        )
        return ", ".join(
            f"{what} {ours} in the test, {theirs} stored" for what, ours, theirs in pairs if ours != theirs
        )

    def _of_mean(self, values: Sequence[float]) -> float:
        assert self.relative is not None  # noqa: S101 - asked for only then
        margin = self.relative * abs(sum(values) / len(values))
        if not 0.0 < margin < float("inf"):
            raise BadInput(
                f"{self.direction}(relative={self.relative}): the recorded mean is {sum(values) / len(values):.6g}",
                "no share of that is a margin",
                f"{self.direction}(margin=…), in the metric's unit",
            )
        return rounded_up(margin)


def _claim(direction: str, margin: Any, relative: Any, both: bool, reason: str) -> Claim:
    """A sound claim. Not checked by `Claim` itself: pytest would show its generated constructor to the user."""
    __tracebackhide__ = True
    _require_sound(direction, margin, relative)
    margin, relative = (None if each is None else float(each) for each in (margin, relative))
    return Claim(direction, margin, relative, both, reason)


def _require_sound(direction: Any, margin: Any, relative: Any) -> None:
    __tracebackhide__ = True
    if direction not in (HIGHER, LOWER, SAME):
        raise BadInput(
            f"Claim({direction!r})",
            "a better direction is higher or lower, or same if neither is better",
            "higher(), lower() or same(), which make a claim",
        )
    for name, value in (("margin", margin), ("relative", relative)):
        sound = value is None or (isinstance(value, Real) and not isinstance(value, bool))
        if not sound or (value is not None and not 0.0 < value < float("inf")):
            raise BadInput(
                f"{direction}({name}={value!r})",
                "a difference that matters is a positive number",
                f"{direction}({name}=0.01), or without it: recording then chooses it from the spread",
            )
    if margin is not None and relative is not None:
        raise BadInput(
            f"{direction}(margin={margin}, relative={relative})", "a metric has one margin", "leave one of them out"
        )


def higher(
    margin: Optional[float] = None, *, relative: Optional[float] = None, both: bool = False, reason: str = ""
) -> Claim:
    """Higher is better: the metric must be no worse, and with ``both`` no better either.

    Args:
        margin: the smallest drop that matters, in the metric's unit; without it, recording chooses it.
        relative: the same, as a share of the recorded mean.
        both: whether a rise by the margin must not pass either, as for a reproduction.
        reason: why the margin has this value.

    Raises:
        BadInput: a margin is not a positive number, or there are two.
    """
    __tracebackhide__ = True
    return _claim(HIGHER, margin, relative, both, reason)


def lower(
    margin: Optional[float] = None, *, relative: Optional[float] = None, both: bool = False, reason: str = ""
) -> Claim:
    """Lower is better: the metric must be no worse, and with ``both`` no better either. Arguments as of `higher`."""
    __tracebackhide__ = True
    return _claim(LOWER, margin, relative, both, reason)


def same(margin: Optional[float] = None, *, relative: Optional[float] = None, reason: str = "") -> Claim:
    """Neither is better: a difference by the margin in either direction does not pass. Arguments as of `higher`."""
    __tracebackhide__ = True
    return _claim(SAME, margin, relative, True, reason)


def claims_of(wanted: Union[Claim, Mapping[str, Claim], None], measured: Sequence[str]) -> Mapping[str, Claim]:
    """The claim of every measured metric: `same` where the test makes none, so that nothing is hidden.

    Raises:
        BadInput: what is given are no claims, one is not sound, or one is of a metric that was not measured.
    """
    if isinstance(wanted, Claim):
        wanted = dict.fromkeys(measured, wanted)
    wanted = {} if wanted is None else wanted
    if not isinstance(wanted, Mapping) or not all(isinstance(each, Claim) for each in wanted.values()):
        raise BadInput(
            f"metrics={wanted!r}",
            "claims are made by higher(), lower() and same()",
            'metrics={"accuracy": higher(margin=0.01)}; from mnist_repro.gate import higher',
        )
    # A `Claim` that the test made itself is not checked yet.
    for each in wanted.values():
        _require_sound(each.direction, each.margin, each.relative)
    lost = [name for name in wanted if name not in measured]
    if lost:
        raise BadInput(
            f"{lost[0]} was not measured, but {', '.join(measured)}",
            "the test makes a claim about it",
            "return it with the other metrics, or take its claim away",
        )
    return {name: wanted.get(name, Claim(SAME)) for name in measured}
