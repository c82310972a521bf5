"""A worker makes the run that it is asked for, and leaves what it is asked to leave."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import fingerprint_worker, run_worker
from mnist_repro.execution.workers import COMPONENTS, FINGERPRINT, RUN
from mnist_repro.runs import run_json
from tests.builders import made_up
from tests.builders.command_line import listed

BLACK = made_up.dataset("mnist")


def job(folder: Path, leaves: str, **changes: Any) -> Dict[str, Any]:
    return {
        **{"recipe": "wheel-softmax", "seed": 7, "scale": "subset", "arithmetic": "framework"},
        **{"data": "surrogate", "out": str(folder), "leaves": leaves, **changes},
    }


def test_a_run_alone_is_one_file(dataset: Dataset, tmp_path: Path) -> None:
    reports: List[Dict[str, int]] = []
    run_worker.make(job(tmp_path, RUN), dataset, lambda **report: reports.append(report))
    made = run_json.read(tmp_path)

    assert ["run.json"] == listed(tmp_path)
    assert ("wheel-softmax", 7, "subset", "framework") == (made.recipe, made.seed, made.scale, made.arithmetic)
    # 79 steps an epoch.
    assert ({"done": 0, "total": 237}, {"done": 237, "total": 237}) == (reports[0], reports[-1])


def test_both_components_work_on_the_same_folder_and_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: List[Any] = []
    monkeypatch.setattr(run_worker, "train_into", lambda *arguments: done.append(arguments[:3]))
    monkeypatch.setattr(run_worker, "estimate", lambda *arguments, out: done.append((*arguments, out)))
    run_worker.make(job(tmp_path, COMPONENTS), BLACK, lambda **report: None)
    [(folder, assignment, trained_on), (weights, recipe, scored_on, images, out)] = done

    assert (tmp_path, tmp_path / "param.hdf5", tmp_path) == (folder, weights, out)
    assert ("wheel-softmax", 7, "subset", "framework") == (
        *(assignment.recipe.name, assignment.seed),
        *(assignment.scale, assignment.arithmetic),
    )
    assert ("wheel-softmax", 10_000) == (recipe.name, images)
    assert trained_on is scored_on is BLACK


def test_a_fingerprint_is_taken_in_that_arithmetic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: List[Any] = []
    monkeypatch.setattr(fingerprint_worker, "take_here", lambda *arguments: arguments)
    monkeypatch.setattr(fingerprint_worker, "write", lambda *arguments: taken.append(arguments))
    run_worker.make(job(tmp_path, FINGERPRINT), BLACK, lambda **report: None)
    [((recipe, data, arithmetic), folder)] = taken

    assert (tmp_path, "wheel-softmax", "framework", True) == (folder, recipe.name, arithmetic, data is BLACK)


def test_a_folder_that_cannot_be_written_is_refused_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(run_worker, "train", pytest.fail)
    with pytest.raises(BadInput, match="is not a folder"):
        run_worker.make(job(tmp_path / "file", RUN), BLACK, lambda **report: None)
