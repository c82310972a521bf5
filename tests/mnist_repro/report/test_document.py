from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import List

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.recipes import find
from mnist_repro.report.document import PageInputs, collect, gate_samples, read_gate, read_jobs
from mnist_repro.report.values import Document, Note
from mnist_repro.reproduction import table
from mnist_repro.reproduction.judgement import judge
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run import Run
from tests.builders import made_up, made_up_baselines, report_scene
from tests.builders.made_up_page import comparison, gate

LOSS = made_up_baselines.LOSS
BASELINES = Path(__file__).resolve().parents[3] / "baselines"


def document(runs: List[Run], unkept: int = 0) -> Document:
    found = [FoundRun(Path(f"runs/{number}"), run) for number, run in enumerate(runs)]
    return collect(PageInputs(found, ["runs"], Path("no-baselines"), unkept=unkept), Problems())


def notes(shown: Document) -> List[Note]:
    """The notes but those about data, which differ from machine to machine."""
    return [note for note in shown.notes if note.key not in ("note_no_data", "note_not_mnist")]


def test_runs_of_several_datasets_are_grouped_and_noted() -> None:
    shown = document([report_scene.run(0), report_scene.run(1), report_scene.not_mnist(report_scene.run(0))])

    assert [2, 1] == [len(group.runs) for group in shown.groups]
    assert [Note("note_datasets", {"list": "mnist (0123), unrecognised (beefbeefbeef)", "count": 2})] == notes(shown)
    assert "note_not_mnist" in [note.key for note in shown.notes]


def test_of_two_runs_of_one_seed_the_later_counts_and_this_is_noted() -> None:
    later = report_scene.run(0, 0.5)
    later = replace(later, provenance={**later.provenance, "finished": "2027-01-01"})

    shown = document([report_scene.run(0, 0.25), report_scene.run(1, 0.75), later])

    [group] = shown.groups
    assert [0.5, 0.75] == [run.test_loss for run in group.runs]
    assert [Note("note_doubled", {"count": 1, "list": "runs/0"})] == notes(shown)


def test_more_groups_than_a_page_holds_are_counted() -> None:
    runs = [
        replace(report_scene.run(0), dataset={"name": f"mine-{number}", "sha256": f"{number:064}", "source": ""})
        for number in range(26)
    ]

    shown = document(runs, unkept=3)

    assert 24 == len(shown.groups)
    assert [Note("note_unkept", {"count": 3}), Note("note_groups", {"shown": 24, "left": 2})] == notes(shown)[1:]


def test_a_gate_report_and_jobs_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    problems = Problems()

    assert (None, None) == (read_gate(tmp_path / "a", [], problems), read_jobs(tmp_path / "b", [], problems))
    whats = [problem.what for problem in problems.found]
    assert [f"cannot read {tmp_path / name}: No such file or directory" for name in ("a", "b")] == whats


def test_all_published_figures_of_a_page_share_one_level() -> None:
    losses = (0.2698, 0.2702, 0.2712)
    made = {
        recipe: [report_scene.run(seed, loss, recipe=recipe, scale="full") for seed, loss in enumerate(losses)]
        for recipe in ("wheel-softmax", "tf-softmax")
    }

    groups = document([run for runs in made.values() for run in runs]).groups

    shown = {group.recipe: [each.interval for each in group.published] for group in groups}
    in_drift = {each.runs[0].recipe: each.comparisons for each in table.judge(list(made.values()), None)}
    judged = judge(
        [(find(name), runs) for name, runs in made.items()], dict.fromkeys(made, 3), "full", made_up.dataset("mnist")
    )
    for other in (in_drift, {each.recipe.name: each.comparisons for each in judged.recipes}):
        assert shown == {
            name: [each.possible and (each.possible.low, each.possible.high) for each in comparisons]
            for name, comparisons in other.items()
        }


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
