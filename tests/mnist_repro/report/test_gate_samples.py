from __future__ import annotations

from pathlib import Path

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.report.gate_samples import gate_samples
from mnist_repro.report.values import Gate, GateComparison, GateRecipe
from mnist_repro.runs.problems import Problems
from tests.builders import made_up_baselines
from tests.builders.made_up_page import comparison

LOSS = made_up_baselines.LOSS
BASELINES = Path(__file__).resolve().parents[3] / "baselines"


def gate(*comparisons: GateComparison) -> Gate:
    recipes = {"wheel-softmax": GateRecipe("equivalent", True, comparisons)}
    return Gate("gate.json", True, True, "equivalent", {}, 0, {}, recipes, [], [])


def test_samples_of_a_recipe_without_runs_are_shown_beside_the_stored_ones(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, made_up_baselines.subset())

    [shown] = gate_samples(gate(comparison(samples={7: {LOSS: float("nan")}, 8: {LOSS: 0.5}})), tmp_path, Problems())

    [metric] = shown.metrics
    assert ("wheel-softmax", "subset", LOSS, 0.005) == (shown.recipe, shown.rung, metric.name, metric.margin)
    assert ["nan", "0.5"] == [str(metric.measured[seed]) for seed in (7, 8)]
    assert dict(enumerate(made_up_baselines.SPREAD)) == metric.stored


def test_published_figures_have_the_stored_full_samples(tmp_path: Path) -> None:
    [shown] = gate_samples(gate(comparison(rung="published")), BASELINES, Problems())

    [loss, accuracy, _] = shown.metrics
    assert ("published", {}, None, [0.27075190788507464]) == (shown.rung, loss.measured, loss.margin, loss.published)
    assert (len(loss.stored) >= 10, [0.927]) == (True, accuracy.published)


def test_a_fingerprint_has_no_samples(tmp_path: Path) -> None:
    assert [] == gate_samples(gate(comparison(rung="fingerprint")), tmp_path, Problems())
    assert [] == gate_samples(None, tmp_path, Problems())
