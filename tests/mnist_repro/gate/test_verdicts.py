from __future__ import annotations

import math
from typing import Tuple

import pytest

from mnist_repro.gate.verdicts import WORST_FIRST, Finding, Judgement, Metric, Verdict, worst

EQUIVALENT, CHANGED, INCOMPARABLE = Verdict.EQUIVALENT, Verdict.CHANGED, Verdict.INCOMPARABLE


def test_only_equivalent_and_reproduced_pass() -> None:
    assert [EQUIVALENT, Verdict.REPRODUCED] == [verdict for verdict in Verdict if verdict.passes]


@pytest.mark.parametrize(
    ("verdict", "known", "passes"), [(EQUIVALENT, "", True), (CHANGED, "", False), (CHANGED, "why", True)]
)
def test_a_finding_passes_by_its_verdict_or_because_it_is_known(verdict: Verdict, known: str, passes: bool) -> None:
    finding = Finding("subset", "test_loss", verdict, "a reason", known=known)

    assert (passes, passes) == (finding.passes, Judgement("vgg7", (finding,)).passes)
    assert Judgement("vgg7", ()).passes is False


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ((EQUIVALENT, EQUIVALENT), EQUIVALENT),
        ((EQUIVALENT, CHANGED), CHANGED),
        ((CHANGED, Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE),
        ((Verdict.IMPROVED, Verdict.REGRESSED), Verdict.REGRESSED),
        (tuple(Verdict), INCOMPARABLE),
        ((), INCOMPARABLE),
    ],
)
def test_several_verdicts_together_are_the_worst(verdicts: Tuple[Verdict, ...], together: Verdict) -> None:
    findings = tuple(Finding("subset", "loss", verdict, "") for verdict in verdicts)

    assert together == worst(verdicts)
    assert together == Judgement("vgg7", findings).verdict


def test_every_verdict_has_its_place_among_the_others() -> None:
    assert set(Verdict) == set(WORST_FIRST)


@pytest.mark.parametrize(
    ("direction", "margin", "said"),
    [
        *(
            ("lower", margin, f"margin of test_loss is {margin}, not a positive number")
            for margin in (0.0, -0.1, math.inf, math.nan)
        ),
        ("up", 0.1, "direction of test_loss is 'up', not lower or higher"),
    ],
)
def test_a_margin_is_a_positive_number_and_a_direction_lower_or_higher(
    direction: str, margin: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Metric("test_loss", direction, margin, "")


def test_an_accuracy_is_a_share_of_images_and_a_loss_is_not() -> None:
    metrics = [Metric(f"test_{kind} after 1 epoch", "higher", 0.1, "") for kind in ("accuracy", "loss")]

    assert [True, False] == [metric.is_share for metric in metrics]
