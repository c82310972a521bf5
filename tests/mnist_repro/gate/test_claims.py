"""What a test may claim of a metric, and what is stored of it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate import higher, lower, same
from mnist_repro.gate.claims import Claim, claims_of
from mnist_repro.gate.verdicts import Metric

VALUES = [0.97, 0.98, 0.96, 0.99]


def test_one_side_unless_both_are_asked_for_and_two_without_a_direction() -> None:
    claims = (higher(), lower(), higher(both=True), same())

    assert ["no worse", "no worse", "equivalent", "equivalent"] == [claim.words for claim in claims]
    assert ["higher", "lower", "higher", "same"] == [claim.direction for claim in claims]


def test_a_stated_margin_is_stored_with_its_reason() -> None:
    assert Metric("accuracy", "higher", 0.02, "two in a hundred", "no worse") == higher(
        0.02, reason="two in a hundred"
    ).recorded("accuracy", VALUES)
    assert "stated in the test" == higher(0.02).recorded("accuracy", VALUES).reason


def test_a_relative_margin_is_a_share_of_the_mean() -> None:
    assert 0.098 == higher(relative=0.1).recorded("accuracy", VALUES).margin


def test_without_a_margin_the_spread_decides() -> None:
    metric = lower().recorded("loss", [float(each) for each in range(16)])

    assert (15.0, "3 standard deviations of the 16 recorded samples") == (metric.margin, metric.reason)


@pytest.mark.parametrize(
    ("claim", "odd"),
    [
        (higher(0.02), ""),
        (higher(), ""),
        (higher(0.03), "margin 0.03 in the test, 0.02 stored"),
        (lower(0.02), "direction lower in the test, higher stored"),
        (higher(0.02, both=True), "claim equivalent in the test, no worse stored"),
    ],
)
def test_what_the_test_claims_otherwise_than_what_is_stored_is_said(claim: Claim, odd: str) -> None:
    stored = Metric("accuracy", "higher", 0.02, "stated in the test", "no worse")

    assert odd == claim.contradiction(stored, VALUES)


@pytest.mark.parametrize("make", [higher, lower, same])
@pytest.mark.parametrize("margin", [0, -0.1, float("inf"), float("nan"), True, "0.1"])
def test_a_margin_is_a_positive_number(make: Callable[..., Claim], margin: Any) -> None:
    with pytest.raises(BadInput, match="a difference that matters is a positive number"):
        make(margin)
    with pytest.raises(BadInput, match="a difference that matters is a positive number"):
        make(relative=margin)


def test_a_metric_has_one_margin() -> None:
    with pytest.raises(BadInput, match="a metric has one margin"):
        higher(0.1, relative=0.1)


def test_a_metric_without_a_claim_may_not_change_in_either_direction() -> None:
    claims = claims_of({"loss": lower()}, ["loss", "accuracy"])

    assert [lower(), same()] == [claims["loss"], claims["accuracy"]]
    assert {"a": higher(0.5), "b": higher(0.5)} == claims_of(higher(0.5), ["a", "b"])


@pytest.mark.parametrize(
    "wanted",
    [{"loss": "lower"}, "lower", [lower()], {"los": lower()}, Claim("up"), Claim("lower", margin=0.0)],
)
def test_what_is_no_claim_or_of_no_metric_is_refused(wanted: Any) -> None:
    with pytest.raises(BadInput):
        claims_of(wanted, ["loss"])
