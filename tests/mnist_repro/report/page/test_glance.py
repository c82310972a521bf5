from __future__ import annotations

from dataclasses import replace
from typing import List

import pytest

from mnist_repro.gate.intervals import Interval
from mnist_repro.report.page.glance import (
    Block,
    GateRow,
    Row,
    distinctions,
    drift_table,
    glance,
    in_order,
    judged_in_session,
    shared_facts,
    tally,
    unexplained,
)
from mnist_repro.report.values import (
    Gate,
    GateComparison,
    GateRecipe,
    GroupData,
    HistoryEntry,
    MetricFinding,
    PublishedRow,
)
from tests.builders.made_up_page import comparison, document, group, metric

SESSION = {"scale": "subset", "seeds": "3", "arithmetic": "original", "started": "", "finished": ""}


def gate(*comparisons: GateComparison, recipe: str = "wheel-softmax") -> Gate:
    judged = GateRecipe("equivalent", True, comparisons or [comparison()])
    return Gate("gate.json", True, True, "equivalent", SESSION, 0, {}, {recipe: judged}, [], [])


def test_a_group_has_a_row_for_each_metric_but_those_of_the_training_data() -> None:
    training = metric(name="training_loss after 3 epochs")

    [block] = glance(document(groups=[group(metrics=[metric(), training])]))

    assert ["test_loss after 3 epochs"] == _names(block)


def test_a_recipe_of_the_gate_without_runs_has_its_findings_as_rows() -> None:
    blocks = glance(document(groups=[group()], gate=gate(recipe="vgg7")))

    assert [("wheel-softmax", False), ("vgg7", True)] == [(each.recipe, each.group is None) for each in blocks]
    assert [GateRow(comparison().findings[0], "subset")] == blocks[1].rows


def test_a_gate_report_on_other_data_or_another_platform_is_no_judgement_on_a_group() -> None:
    there = {"machine": "aarch64", "tensorflow": "2.21.0", "keras": "3.15.1"}
    fingerprint = comparison(rung="fingerprint", verdict="changed", passes=False, provenance=there)
    surrogate = group(dataset=GroupData("surrogate", "", at_hand=True))

    assert GateRecipe("equivalent", True, [comparison()]) == judged_in_session(gate(comparison(), fingerprint), group())
    for report, other in ((gate(), surrogate), (gate(), group(arithmetic="framework")), (None, group())):
        assert judged_in_session(report, other) is None


@pytest.mark.parametrize(
    ("row", "sentences"),
    [
        (metric(published=[]), ["certain_interval"]),
        (metric(published=[], margin=None), ["certain_no_baseline"]),
        (metric(published=[], finding=None), ["certain_no_baseline"]),
        (metric(), ["certain_interval", "too_few"]),
        (metric(published=[], finding=MetricFinding("equivalent", "", None, None)), ["certain_same"]),
        (
            metric(published=[], finding=MetricFinding("inconclusive", "", Interval(-1.0, 1.0), 8)),
            ["certain_interval", "certain_needed"],
        ),
    ],
)
def test_a_row_says_how_sure_its_verdict_is(row: object, sentences: List[str]) -> None:
    [block] = glance(document(groups=[group(metrics=[row])]))

    [shown] = block.rows
    assert isinstance(shown, Row)
    assert sentences == [key for key, _ in shown.sure]


def test_a_published_figure_gives_its_prediction_interval() -> None:
    figure = PublishedRow("test_loss", 3, 0.375, Interval(0.25, 0.5), "reproduced", "a reason")

    [block] = glance(document(groups=[group(published=[figure])]))

    [shown] = block.rows
    assert isinstance(shown, Row)
    assert ("certain_published", {"low": "0.25000", "high": "0.50000"}) == shown.sure[-1]
    assert () == tuple(shown.unsettled)


def test_a_published_figure_that_is_not_reproduced_gives_its_reason() -> None:
    figure = PublishedRow("test_loss", 3, 0.375, Interval(0.25, 0.5), "inconclusive", "a reason")

    [block] = glance(document(groups=[group(published=[figure])]))

    [shown] = block.rows
    assert isinstance(shown, Row)
    assert [("inconclusive", "a reason")] == list(shown.unsettled)


def test_what_all_groups_share_is_said_once() -> None:
    assert {"arithmetic", "data", "platform", "seeds"} == set(shared_facts([group(), group(scale="subset")]))
    assert {} == shared_facts([])


def test_groups_of_a_recipe_are_distinguished_by_what_differs() -> None:
    groups = [group(), group(id="group-2", scale="subset"), group(id="group-3", recipe="vgg7")]

    assert {"group-1": ["full"], "group-2": ["subset"], "group-3": []} == distinctions(groups)


def test_the_tally_counts_verdicts() -> None:
    groups = [group(verdict=each) for each in ("equivalent", "changed", "equivalent")]

    assert [
        ("against_baseline", [("equivalent", 2), ("changed", 1)]),
        ("against_published", [("reproduced", 3)]),
    ] == tally(groups)
    assert [] == tally([])


def test_the_history_is_in_the_order_of_the_recipes() -> None:
    entries = [HistoryEntry(name, "subset", (), []) for name in ("vgg7", "keras-cnn", "wheel-softmax", "<b>", "vgg7")]

    assert ["wheel-softmax", "keras-cnn", "vgg7", "<b>"] == [name for name, _ in in_order(entries)]


def test_the_table_of_drift_has_a_column_for_each_platform() -> None:
    there = group(platform="there", runs=[replace(group().runs[0], test_loss=each) for each in (0.25, 0.75)])

    table = drift_table([group(), there, group(recipe="vgg7", platform="there")])

    assert ["here", "there"] == table.platforms
    assert [[0.5, 0.5], [None, 0.5]] == [[cell and cell.mean for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize(
    ("against_baseline", "against_published", "expected"),
    [
        ("equivalent", "reproduced", False),
        ("equivalent", "not reproduced", True),
        ("regressed", "reproduced", True),
        ("inconclusive", "not tested", False),
    ],
)
def test_a_difference_needs_a_cause(against_baseline: str, against_published: str, expected: bool) -> None:
    assert expected == unexplained(group(verdict=against_baseline, published_verdict=against_published))


def _names(block: Block) -> List[str]:
    return [row.metric.name for row in block.rows if isinstance(row, Row)]
