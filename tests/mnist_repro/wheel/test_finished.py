from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import pytest

from mnist_repro.runs import run_json
from mnist_repro.runs.found import find_runs
from mnist_repro.runs.problems import Problems
from mnist_repro.wheel.finished import require_finished
from mnist_repro.wheel.folder import write
from mnist_repro.wheel.workflow import judged_seeds
from tests.builders.made_up import wheel
from tests.builders.wheel_format import read
from tests.mnist_repro.wheel.test_workflow import conditions

LOSS = 0.2697


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One that WHEEL ran, with one seed."""
    folder = tmp_path / "mnist.wheel"
    write(folder, judged_seeds(conditions(), 1, {}).files())
    for name in ("train-0", "estimate-0", "judge"):
        change(folder / name / "cmp.wheel.json", state="finished")
    run_json.write(wheel(0, LOSS, 0.9276), folder / "train-0")
    (folder / "estimate-0" / "evaluation.json").write_text(
        json.dumps({"schema": 1, "loss": LOSS, "accuracy": 0.9276}), encoding="utf-8"
    )
    return folder


def change(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**read(file), **changes}), encoding="utf-8")


def problems(*places: Path) -> List[str]:
    found = Problems()
    require_finished(places, find_runs(places, found), found)
    return [each.what for each in found.found]


def test_a_project_that_wheel_ran_to_its_end_has_no_problem(project: Path) -> None:
    assert [] == problems(project)


def test_a_component_that_has_not_finished_is_one(project: Path) -> None:
    change(project / "estimate-0" / "cmp.wheel.json", state="failed")

    assert [f"{project / 'estimate-0'} is failed, not finished"] == problems(project)


def test_the_judges_verdict_is_none(project: Path) -> None:
    change(project / "judge" / "cmp.wheel.json", state="failed")

    assert [] == problems(project)


@pytest.mark.parametrize("loss", [LOSS * 1.0001, "nan", None])
def test_an_estimate_that_differs_from_its_training_is_one(project: Path, loss: object) -> None:
    file = project / "estimate-0" / "evaluation.json"
    change(file, loss=loss)

    theirs, ours = f"{loss} and accuracy 0.9276", f"{LOSS} and 0.9276"
    assert [f"{file} has test loss {theirs}, {project / 'train-0' / 'run.json'} has {ours}"] == problems(project)


@pytest.mark.parametrize("accuracy", [0.9279, None, "0.9276"])
def test_an_estimate_with_another_accuracy_is_one(project: Path, accuracy: object) -> None:
    change(project / "estimate-0" / "evaluation.json", accuracy=accuracy)

    (what,) = problems(project)
    assert f"has test loss {LOSS} and accuracy {accuracy}, " in what


def test_an_estimate_beside_its_run_is_looked_at_in_any_folder(tmp_path: Path) -> None:
    run_json.write(wheel(0, LOSS, 0.9276), tmp_path)
    file = tmp_path / "evaluation.json"
    file.write_text(json.dumps({"schema": 1, "loss": LOSS * (1 + 1e-7), "accuracy": 0.9277}), encoding="utf-8")
    assert [] == problems(tmp_path)

    change(file, loss=0.5)
    ours = f"{tmp_path / 'run.json'} has {LOSS} and 0.9276"
    assert [f"{file} has test loss 0.5 and accuracy 0.9277, {ours}"] == problems(tmp_path)


def test_a_loss_that_is_no_number_is_the_same_as_itself(tmp_path: Path) -> None:
    run_json.write(wheel(0, float("nan"), 0.098), tmp_path)
    (tmp_path / "evaluation.json").write_text('{"schema": 1, "loss": "nan", "accuracy": 0.098}', encoding="utf-8")

    assert [] == problems(tmp_path)


@pytest.mark.parametrize(("file", "text"), [("prj.wheel.json", "{}"), ("estimate-0/cmp.wheel.json", "[")])
def test_files_that_are_not_wheels_are_one(project: Path, file: str, text: str) -> None:
    (project / file).write_text(text, encoding="utf-8")

    (what,) = problems(project)
    assert what.startswith(f"cannot read {project / file}: ")
