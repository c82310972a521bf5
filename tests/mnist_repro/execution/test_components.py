"""The two components and the folder that joins them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution.components import Assignment, check_data, check_folder, estimate, evaluation_log, train_into
from mnist_repro.files.locks import alone_in
from mnist_repro.recipes import find
from mnist_repro.recipes.recipe import Epochs, Recipe, Scale
from mnist_repro.runs import run_json
from mnist_repro.runs.evaluation import evaluate
from mnist_repro.training import framework
from mnist_repro.weights import param_hdf5 as weights
from tests.builders import made_up
from tests.builders.command_line import contents, listed
from tests.builders.refused import refused

TRAINED = ["learn.log", "model.h5", "param.hdf5", "run.json"]
ESTIMATED = ["eval.log", "evaluation.json"]


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """wheel-softmax at a scale that takes no time: three steps an epoch, the last of 44 images."""
    return replace(find("wheel-softmax"), subset=Scale(300, 0, 200, Epochs(2), scored_after=(2,)))


@pytest.fixture(scope="module")
def trained(recipe: Recipe, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("components") / "deeper" / "run"
    train_into(folder, Assignment(recipe, 7, "subset"), dataset)
    return folder


def test_training_leaves_four_files(trained: Path) -> None:
    assert set(TRAINED) == set(listed(trained)) - set(ESTIMATED)


def test_the_run_says_what_was_trained_on_what_and_by_what(trained: Path, dataset: Dataset) -> None:
    made = run_json.read(trained)

    assert ("wheel-softmax", 7, "subset", "original", "epoch") == (
        *(made.recipe, made.seed, made.scale),
        *(made.arithmetic, made.unit),
    )
    assert {"name": dataset.name, "sha256": dataset.sha256, "source": dataset.source} == made.dataset
    assert {
        **{"parameters": 7850, "steps": 6, "batch_size": 128},
        **{"training_images": 300, "validation_images": 0, "test_images": 200},
    } == made.counts
    lengths = [len(values) for values in (made.step_losses, made.log, made.first_predictions)]
    assert ([6, 2, 10], 1) == (lengths, made.provenance["threads"])


def test_the_log_has_a_line_per_epoch(trained: Path) -> None:
    lines = (trained / "learn.log").read_text(encoding="utf-8").splitlines()

    assert ["Epoch 1/2", "Epoch 2/2"] == [line.split(" - ")[0] for line in lines]


def test_estimating_gives_what_training_measured(trained: Path, recipe: Recipe, dataset: Dataset) -> None:
    [score] = run_json.read(trained).scores

    assert score.test == estimate(trained / "param.hdf5", recipe, dataset, 200)


def test_the_evaluation_is_written_for_people_and_for_machines(
    trained: Path, recipe: Recipe, dataset: Dataset, tmp_path: Path
) -> None:
    found = estimate(trained / "param.hdf5", recipe, dataset, 200, out=tmp_path / "new")
    fields = json.loads((tmp_path / "new" / "evaluation.json").read_text(encoding="utf-8"))

    assert ESTIMATED == listed(tmp_path / "new")
    assert f"Test loss: {found.loss!r}\nTest accuracy: {found.accuracy!r}\n" == (
        tmp_path / "new" / "eval.log"
    ).read_text(encoding="utf-8")
    assert (1, "wheel-softmax", found.loss, found.accuracy, found.right, found.wrong) == tuple(
        fields[name] for name in ("schema", "recipe", "loss", "accuracy", "right", "wrong")
    )
    assert [list(row) for row in found.confusion] == fields["confusion"]
    assert list(found.wrong_images) == fields["wrong_images"]
    assert found.wrong == sum(fields["errors_per_label"].values())
    assert [list(pair) for pair in found.errors_per_pair] == fields["errors_per_predicted_and_label"]


def test_the_numbers_come_from_the_file_of_weights_alone(
    trained: Path, recipe: Recipe, dataset: Dataset, tmp_path: Path
) -> None:
    [(kernel, _)] = weights.read(trained / "param.hdf5", recipe)
    weights.write(tmp_path / "param.hdf5", recipe, ((np.zeros_like(kernel), np.eye(10, dtype=np.float32)[3]),))
    found = estimate(tmp_path / "param.hdf5", recipe, dataset, 200)

    # Everything is taken for a three.
    assert int((dataset.test_labels[:200] == 3).sum()) == found.right


def test_the_whole_model_predicts_what_the_weights_do(trained: Path, recipe: Recipe, dataset: Dataset) -> None:
    images, labels = dataset.test_images[:200], dataset.test_labels[:200]
    model = framework.tensorflow().keras.models.load_model(str(trained / "model.h5"), compile=False)

    [score] = run_json.read(trained).scores
    assert score.test == evaluate(framework.scorer(model, recipe.input_shape)(images), labels)


def test_the_log_has_the_tutorials_two_lines() -> None:
    assert "Test loss: 0.27075190788507464\nTest accuracy: 0.927\n" == evaluation_log(
        made_up.evaluation(0.27075190788507464, 0.927)
    )


def test_training_again_removes_what_was_estimated_from_the_old_weights(
    recipe: Recipe, dataset: Dataset, tmp_path: Path
) -> None:
    train_into(tmp_path, Assignment(recipe, 0, "subset"), dataset)
    estimate(tmp_path / "param.hdf5", recipe, dataset, 200, out=tmp_path)
    assert sorted(TRAINED + ESTIMATED) == listed(tmp_path)

    train_into(tmp_path, Assignment(recipe, 1, "subset"), dataset)
    assert (TRAINED, 1) == (listed(tmp_path), run_json.read(tmp_path).seed)


@pytest.mark.parametrize("file", ["param.hdf5", "model.h5", "run.json"])
def test_an_older_run_survives_a_disk_that_fills_up(
    file: str, trained: Path, recipe: Recipe, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(str(trained), str(folder))
    estimate(folder / "param.hdf5", recipe, dataset, 200, out=folder)
    before = contents(folder)
    really_open = Path.open

    def open_unless_full(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        # The temporary of param.hdf5 is the only one with that suffix, and so on.
        if path.suffix == Path(file).suffix and "w" in mode:
            raise OSError(28, "No space left on device")
        return really_open(path, mode, *arguments, **more)

    def save_in_vain(model: object, path: Path) -> None:
        # As HDF5 of old reports it.
        raise RuntimeError("Can't decrement id ref count (file write failed: time = Sat")

    with monkeypatch.context() as full:
        if file == "model.h5":
            full.setattr(framework, "save_model", save_in_vain)
        else:
            full.setattr(Path, "open", open_unless_full)
        what = refused(lambda: train_into(folder, Assignment(recipe, 1, "subset"), dataset), DIR=folder)[0]

    said = "Can't decrement id ref count" if file == "model.h5" else "No space left on device"
    assert (f"cannot write DIR/{file}: {said}", before) == (what, contents(folder))


REPLACE = "--out another folder, or move DIR/run.json away: then the run there is replaced"


def test_a_folder_keeps_one_recipes_run(tmp_path: Path) -> None:
    run_json.write(made_up.run("vgg7", 0, made_up.score(10, 0.04, 0.987)), tmp_path)
    check_folder(tmp_path, find("vgg7"))
    what, _, fix = refused(lambda: check_folder(tmp_path, find("vgg7-bn")), DIR=tmp_path)

    assert ("DIR holds a run of vgg7, not of vgg7-bn", REPLACE) == (what, fix)


def test_a_run_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 1, "recipe": "vg', encoding="utf-8")
    what, _, fix = refused(lambda: check_folder(tmp_path, find("vgg7")), DIR=tmp_path)

    assert ("DIR/run.json is not JSON", REPLACE) == (what, fix)


def test_nothing_is_to_be_removed_for_scores(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 1, "recipe": "vg', encoding="utf-8")
    what, _, fix = refused(lambda: check_folder(tmp_path, find("vgg7"), scores_only=True), DIR=tmp_path)

    assert ("DIR/run.json is not JSON", "name another folder: --out DIR") == (what, fix)


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("unrecognised", "DIR/my data", "'DIR/my data'"),
        ("mnist", "DIR/my data", "'DIR/my data'"),
        ("mnist", "DIR/elsewhere", "mnist"),
        ("surrogate", "drawn by mnist-repro", "surrogate"),
        ("unrecognised", "my data", "DIR with the run's own"),
    ],
)
def test_the_runs_own_data_are_named(
    name: str, source: str, told: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my data").mkdir()
    made = made_up.run("vgg7", 0, made_up.score(10, 0.04, 0.987))
    own = {"name": name, "sha256": "0123", "source": source.replace("DIR", str(tmp_path))}
    run_json.write(replace(made, dataset=own), Path("run"))

    fix = refused(lambda: check_data(Path("run"), dataset), DIR=tmp_path)[2]

    assert f"--out another folder, or --data {told}" == fix


@pytest.mark.parametrize("name", ["learn.log", "param.hdf5", "model.h5", "eval.log", "evaluation.json"])
def test_a_folder_in_the_place_of_a_file_is_told_before_the_training(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()

    assert f"DIR/{name} is a folder" == refused(lambda: check_folder(tmp_path, find("vgg7")), DIR=tmp_path)[0]


def test_a_file_is_no_folder_and_a_seed_not_negative(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()

    assert (
        "DIR is not a folder"
        == refused(lambda: check_folder(tmp_path / "runs", find("vgg7")), DIR=tmp_path / "runs")[0]
    )
    assert "seed -1" == refused(lambda: Assignment(find("vgg7"), -1))[0]


def test_two_trainings_do_not_share_a_folder(recipe: Recipe, dataset: Dataset, tmp_path: Path) -> None:
    with alone_in(tmp_path), pytest.raises(BadInput, match="another process is training into"):
        train_into(tmp_path, Assignment(recipe, 0, "subset"), dataset)
