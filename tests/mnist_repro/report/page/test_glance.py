from __future__ import annotations

from dataclasses import replace
from typing import List, Tuple

import pytest

from mnist_repro.gate.intervals import Interval
from mnist_repro.report.in_gate import as_judged
from mnist_repro.report.page.glance import (
    Block,
    answers,
    distinctions,
    drift_table,
    glance,
    in_order,
    made_with,
    mean_test_loss,
    shared_facts,
    unexplained,
)
from mnist_repro.report.values import (
    GateMetric,
    GateSamples,
    HistoryEntry,
    MetricFinding,
    PublishedRow,
)
from tests.builders.made_up_page import comparison, document, finding, gate, group, metric

LOSS = "test_loss after 3 epochs"


def verdicts(block: Block) -> List[Tuple[str, str, object]]:
    return [(row.name, judged.against, judged.verdict) for row in block.rows for judged in row.verdicts]


def test_a_group_has_a_row_for_each_metric_but_those_of_the_training_data() -> None:
    training = metric(name="training_loss after 3 epochs")

    [block] = glance(document(groups=[group(metrics=[metric(), training])]))

    assert [LOSS] == [row.name for row in block.rows]
    assert ("0.375", "0.50000 ± 0.25000", "0.50000") == block.rows[0].texts


def test_a_recipe_of_the_gate_without_runs_has_its_findings_as_rows() -> None:
    stored = GateMetric(LOSS, {0: 0.25, 1: 0.75}, {7: 0.5}, 0.125, [])
    shown = document(
        groups=[group()],
        gate=gate(comparison(recipe="vgg7")),
        gate_samples=[GateSamples("vgg7", "subset", [stored])],
    )

    blocks = glance(shown)

    assert [("wheel-softmax", False), ("vgg7", True)] == [(each.recipe, each.group is None) for each in blocks]
    assert [(LOSS, "baseline", "equivalent")] == verdicts(blocks[1])
    assert stored == blocks[1].rows[0].samples


def test_the_published_rung_of_the_gate_stands_beside_the_runs_of_the_session() -> None:
    subset = group(scale="subset", published_verdict="not tested")
    published = comparison(
        rung="published",
        verdict="not reproduced",
        passes=True,
        findings=[finding(name="test_loss after 20 epochs", verdict="not reproduced", known="it is known")],
    )

    [block] = glance(document(groups=[as_judged(subset, [published])], gate=gate(published)))

    assert [(LOSS, "baseline", "equivalent"), ("test_loss after 20 epochs", "published", "not reproduced")] == verdicts(
        block
    )
    assert "it is known" == block.rows[1].verdicts[0].known


def test_a_fingerprint_is_one_row_or_a_row_for_each_difference() -> None:
    here = {"machine": "x86_64", "tensorflow": "2.21.0", "keras": "3.15.1"}
    same = comparison(rung="fingerprint", provenance=here)
    differs = replace(same, findings=[finding(name="loss of step 2", verdict="changed"), finding(name="exact values")])

    rows = [glance(document(gate=gate(each)))[0].rows for each in (same, differs)]

    assert [["fingerprint"], ["loss of step 2"]] == [[row.name for row in each] for each in rows]


def test_a_group_without_a_baseline_says_why() -> None:
    [block] = glance(document(groups=[group(verdict="incomparable", reasons=["no run was made"], metrics=[])]))

    assert [("baseline", "baseline", "incomparable")] == verdicts(block)


@pytest.mark.parametrize(
    ("row", "sentences"),
    [
        (metric(), ["certain_interval"]),
        (metric(margin=None), []),
        (metric(finding=None), []),
        (metric(finding=MetricFinding("incomparable", "", None, None)), []),
        (metric(finding=MetricFinding("equivalent", "", None, None)), ["certain_same"]),
        (metric(finding=MetricFinding("equivalent", "", None, None), measured={0: 0.75}), ["certain_paired"]),
    ],
)
def test_a_row_says_what_its_picture_shows(row: object, sentences: List[str]) -> None:
    [block] = glance(document(groups=[group(metrics=[row])]))

    assert sentences == [key for key, _ in block.rows[0].sure]


def test_the_interval_of_a_difference_is_drawn_around_the_stored_mean() -> None:
    [block] = glance(document(groups=[group()]))

    assert Interval(0.49, 0.51) == block.rows[0].bar


def test_a_published_figure_gives_its_prediction_interval() -> None:
    figure = PublishedRow(LOSS, 0.375, Interval(0.25, 0.5), "reproduced", "a reason")

    [block] = glance(document(groups=[group(published=[figure, figure])]))

    [row] = block.rows
    assert ("certain_published", {"low": "0.25000", "high": "0.50000"}) == row.sure[-1]
    assert (Interval(0.25, 0.5), ["baseline", "published"]) == (row.bar, [each.against for each in row.verdicts])


def test_the_answer_counts_recipes_and_names_what_does_not_pass() -> None:
    bad = PublishedRow(LOSS, 0.375, None, "inconclusive", "a reason")
    good = replace(bad, verdict="reproduced")
    groups = [group(id="a", published=[good]), group(id="b", recipe="vgg7", published=[good, *[bad] * 5])]

    [published, stored] = answers(glance(document(groups=groups)))

    assert ("answer_published", 1, 2, 2) == (published.key, published.good, published.of, published.more)
    assert [("vgg7", LOSS, "a reason")] * 3 == [
        (recipe, name, each.reason) for recipe, name, each in published.exceptions
    ]
    assert ("answer_stored", 2, 2, []) == (stored.key, stored.good, stored.of, stored.exceptions)
    assert [] == answers([])


def test_published_figures_that_only_stored_runs_were_compared_with_are_said_to_be_so() -> None:
    published = comparison(rung="published", verdict="reproduced", findings=[finding(verdict="reproduced")])

    [answer] = answers(glance(document(gate=gate(published))))

    assert "answer_published_stored" == answer.key


def test_the_answer_counts_recipes_that_were_judged_by_their_stored_runs_beside_measured_ones() -> None:
    measured = group(published=[PublishedRow(LOSS, 0.375, None, "reproduced", "a reason")])
    stored = comparison(
        recipe="tf-cnn", rung="published", verdict="reproduced", findings=[finding(verdict="reproduced")]
    )
    blocks = glance(document(groups=[measured], gate=gate(stored)))

    assert [False, True] == [block.only_stored for block in blocks]
    assert ("answer_published", 2, 1) == (answers(blocks)[0].key, answers(blocks)[0].of, answers(blocks)[0].stored)


def test_when_where_and_on_what_is_said_once() -> None:
    run = group().runs[0]
    runs = [replace(run, provenance={"finished": f"2026-01-0{day}", "commit": "0123"}) for day in (3, 1, 2)]

    told = made_with(document(groups=[group(runs=runs)]))

    assert (["2026-01-01", "2026-01-03"], ["0123"], []) == (told["finished"], told["commit"], told["cpu"])


def test_what_all_groups_share_is_said_once() -> None:
    assert {"arithmetic", "data", "platform", "seeds"} == set(shared_facts([group(), group(scale="subset")]))
    assert {} == shared_facts([])


def test_groups_of_a_recipe_are_distinguished_by_what_differs() -> None:
    groups = [group(), group(id="group-2", scale="subset"), group(id="group-3", recipe="vgg7")]

    assert {"group-1": ["full"], "group-2": ["subset"], "group-3": []} == distinctions(groups)


def test_the_history_is_in_the_order_of_the_recipes() -> None:
    entries = [HistoryEntry(name, "subset", (), []) for name in ("vgg7", "keras-cnn", "wheel-softmax", "<b>", "vgg7")]

    assert ["wheel-softmax", "keras-cnn", "vgg7", "<b>"] == [name for name, _ in in_order(entries)]


def test_the_table_of_drift_has_a_column_for_each_platform() -> None:
    there = group(platform="there", runs=[replace(group().runs[0], test_loss=each) for each in (0.25, 0.75)])

    table = drift_table([group(), there, group(recipe="vgg7", platform="there")])

    assert ["here", "there"] == table.platforms
    assert [[0.5, 0.5], [None, 0.5]] == [[each and mean_test_loss(each) for each in row] for _, row in table.rows]


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
