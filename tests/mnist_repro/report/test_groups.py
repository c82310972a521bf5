from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.recipes import find
from mnist_repro.report.datasets import Datasets
from mnist_repro.report.groups import group_of, published_values
from mnist_repro.report.values import Group
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.problems import Problems
from tests.builders import made_up_baselines


@pytest.mark.parametrize(
    ("recipe", "metric", "published"),
    [
        ("keras-cnn", "training_loss after 1 epoch", [0.2654]),
        ("keras-cnn", "training_loss after 2 epochs", []),
        ("vgg7-bn", "training_loss after 3 epochs", [0.034]),
        ("vgg7-bn", "training_loss after 10 epochs", [0.0035]),
        ("keras-cnn", "the weights", []),
    ],
)
def test_the_published_value_of_a_metric_is_found_by_its_name(recipe: str, metric: str, published: object) -> None:
    assert published == published_values(find(recipe), metric)


def group(baselines: Path, problems: Problems) -> Group:
    runs = [FoundRun(Path("runs"), run) for run in made_up_baselines.runs(made_up_baselines.SPREAD[:3])]
    return group_of(runs, baselines, Datasets("surrogate", problems), problems, "group-1", 1)


def test_a_group_is_judged_by_its_baseline(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, made_up_baselines.subset())

    shown = group(tmp_path, Problems())

    [loss, *_] = shown.metrics
    assert ("equivalent", [], False) == (shown.verdict, shown.reasons, shown.paired)
    assert (12, 3, 0.005, "equivalent") == (
        len(loss.stored),
        len(loss.measured),
        loss.margin,
        loss.finding and loss.finding.verdict,
    )


def test_runs_whose_baseline_is_broken_are_not_said_to_have_none(tmp_path: Path) -> None:
    file, problems = baseline_files.write(tmp_path, made_up_baselines.subset()), Problems()
    file.write_text("schema: 2\n", encoding="utf-8")

    shown = group(tmp_path, problems)

    [reason] = shown.reasons
    assert ("incomparable", 1) == (shown.verdict, len(problems.found))
    assert reason.startswith(f"{file} cannot be used as a baseline: ")
    assert f"; next: git checkout -- {file} brings the committed one back" in reason
