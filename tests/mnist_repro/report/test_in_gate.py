from __future__ import annotations

import math

from mnist_repro.gate.intervals import Interval
from mnist_repro.report.in_gate import as_judged, matched
from mnist_repro.report.values import GroupData
from tests.builders.made_up_page import comparison, finding, gate, group, metric

LOSS = "test_loss after 3 epochs"
HERE = {"platform": "here"}


def test_the_same_runs_have_the_verdict_of_the_gate() -> None:
    lost = metric(measured={7: math.nan})
    shown = group(scale="subset", metrics=[lost])
    of_these = comparison(
        # Seed 8 was measured elsewhere.
        samples={7: {LOSS: math.nan}, 8: {LOSS: 0.5}},
        verdict="regressed",
        findings=[finding(verdict="regressed", reason="why", interval=Interval(0.25, math.inf))],
    )

    assert {"group-1": [of_these]} == matched(gate(of_these), [shown])
    judged = as_judged(shown, [of_these])
    [row] = judged.metrics
    assert ("regressed", "why", [7, 8]) == (judged.verdict, row.finding and row.finding.reason, list(row.measured))
    assert Interval(0.25, math.inf) == (row.finding and row.finding.interval)


def test_a_comparison_of_other_runs_data_or_platform_is_not_about_a_group() -> None:
    shown = group(scale="subset")
    samples = comparison(samples={0: {LOSS: 0.5}})
    fingerprint = comparison(rung="fingerprint", provenance=HERE)
    there = comparison(rung="fingerprint", provenance={"platform": "there"})
    others = [comparison(samples={0: {LOSS: 0.25}}), comparison(samples={0: {LOSS: 0.5}}, rung="full"), there]

    assert {"group-1": [samples, fingerprint]} == matched(gate(samples, fingerprint, *others), [shown])
    for changed in (
        group(scale="subset", dataset=GroupData("surrogate", "", at_hand=True)),
        group(arithmetic="framework"),
    ):
        assert {"group-1": []} == matched(gate(samples, fingerprint), [changed])
    assert {"group-1": []} == matched(None, [shown])


def test_the_published_figures_are_about_the_first_group_of_their_recipe() -> None:
    published = comparison(
        rung="published", verdict="reproduced", findings=[finding(name=f"{LOSS}, figure 2", verdict="reproduced")]
    )
    groups = [group(scale="subset"), group(id="group-2")]

    assert {"group-1": [published], "group-2": []} == matched(gate(published), groups)
    judged = as_judged(groups[0], [published])
    assert ("reproduced", [(LOSS, 0.5)]) == (
        judged.published_verdict,
        [(each.name, each.published) for each in judged.published],
    )
