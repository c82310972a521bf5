from __future__ import annotations

import math
from typing import Tuple

import pytest

from mnist_repro.gate.verdicts import WORST_FIRST, Finding, Judgement, Metric, Verdict, worst

EQUIVALENT, CHANGED, INCOMPARABLE = Verdict.EQUIVALENT, Verdict.CHANGED, Verdict.INCOMPARABLE


def test_only_what_is_proven_to_be_as_claimed_passes() -> None:
    assert [EQUIVALENT, Verdict.NO_WORSE, Verdict.BETTER, Verdict.REPRODUCED] == [
        verdict for verdict in Verdict if verdict.passes
    ]


@pytest.mark.parametrize(
    ("verdict", "known", "passes"), [(EQUIVALENT, "", True), (CHANGED, "", False), (CHANGED, "why", True)]
)
def test_a_finding_passes_by_its_verdict_or_because_it_is_known(verdict: Verdict, known: str, passes: bool) -> None:
    finding = Finding("test_loss", verdict, "a reason", known=known)

    assert (passes, passes) == (finding.passes, Judgement((finding,)).passes)
    assert Judgement(()).passes is False


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ((EQUIVALENT, EQUIVALENT), EQUIVALENT),
        ((EQUIVALENT, CHANGED), CHANGED),
        ((CHANGED, Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE),
        ((Verdict.IMPROVED, Verdict.REGRESSED), Verdict.REGRESSED),
        ((Verdict.NO_WORSE, Verdict.BETTER), Verdict.BETTER),
        ((Verdict.BETTER, CHANGED), CHANGED),
        ((EQUIVALENT, Verdict.NO_WORSE), Verdict.NO_WORSE),
        (tuple(Verdict), INCOMPARABLE),
        ((), INCOMPARABLE),
    ],
)
def test_several_verdicts_together_are_the_worst(verdicts: Tuple[Verdict, ...], together: Verdict) -> None:
    findings = tuple(Finding("loss", verdict, "") for verdict in verdicts)

    assert together == worst(verdicts)
    assert together == Judgement(findings).verdict


def test_every_verdict_has_its_place_among_the_others() -> None:
    assert set(Verdict) == set(WORST_FIRST)


@pytest.mark.parametrize(
    ("direction", "margin", "claim", "said"),
    [
        *(
            ("lower", margin, "equivalent", f"margin of test_loss is {margin}, not a positive number")
            for margin in (0.0, -0.1, math.inf, math.nan)
        ),
        ("up", 0.1, "equivalent", "direction of test_loss is 'up', not lower, higher or same"),
        ("lower", 0.1, "better", "claim of test_loss is 'better', not equivalent or no worse"),
        ("same", 0.1, "no worse", "claim of test_loss is no worse, but no direction says what is worse"),
    ],
)
def test_a_metric_has_a_positive_margin_a_direction_and_a_claim_that_fits_it(
    direction: str, margin: float, claim: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Metric("test_loss", direction, margin, "", claim)
