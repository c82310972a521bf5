from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.report.gate_samples import gate_samples
from mnist_repro.report.values import Gate, GateComparison, GateRecipe
from mnist_repro.runs.problems import Problems
from tests.builders import made_up_baselines
from tests.builders.made_up_page import comparison, group

LOSS = made_up_baselines.LOSS


def gate(*comparisons: GateComparison) -> Gate:
    recipes = {"wheel-softmax": GateRecipe("equivalent", True, comparisons)}
    return Gate("gate.json", True, True, "equivalent", {}, 0, {}, recipes, [], [])


def test_samples_of_a_recipe_without_runs_are_shown_beside_the_stored_ones(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, made_up_baselines.subset())

    [shown] = gate_samples(gate(comparison(samples={"7": {LOSS: "nan"}, "8": {LOSS: 0.5}})), [], tmp_path, Problems())

    [metric] = shown.metrics
    assert ("wheel-softmax", "subset", LOSS, 0.005) == (shown.recipe, shown.rung, metric.name, metric.margin)
    assert ["nan", "0.5"] == [str(metric.measured[seed]) for seed in (7, 8)]
    assert dict(enumerate(made_up_baselines.SPREAD)) == metric.stored


@pytest.mark.parametrize("other", [comparison(), comparison(rung="published", samples={"7": {LOSS: 0.5}})])
def test_what_measured_no_samples_of_a_scale_is_not_shown(tmp_path: Path, other: GateComparison) -> None:
    assert [] == gate_samples(gate(other), [], tmp_path, Problems())


def test_a_recipe_with_runs_is_not_shown_twice(tmp_path: Path) -> None:
    measured = comparison(samples={"7": {LOSS: 0.5}})

    assert [] == gate_samples(gate(measured), [group()], tmp_path, Problems())
    assert [] == gate_samples(None, [], tmp_path, Problems())
