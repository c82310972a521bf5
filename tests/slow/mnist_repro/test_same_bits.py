"""The same seed gives the same bits, for every recipe, in every process, folder and second."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Dict

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.training import train as train_module
from mnist_repro.training.train import train
from tests.builders.command_line import finish, run, start

FILES = ("param.hdf5", "learn.log")


@pytest.fixture(scope="module", params=["original", "framework"])
def arithmetic(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def one_after_another(arithmetic: str, data: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All recipes, made one after another by one process."""
    folder = tmp_path_factory.mktemp("one-after-another")
    ended = run(
        *("reproduce", "--all", "--scale", "subset", "--seeds", "1", "--processes", "1", "--arithmetic", arithmetic),
        *("--data", data, "--out", folder),
    )
    # One seed of a CNN cannot be judged (1); which bits it has can.
    assert ended.code in (0, 1), ended.err
    return folder


@pytest.fixture(scope="module")
def alone(arithmetic: str, data: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All recipes, each made by a process of its own, two at a time."""
    folder = tmp_path_factory.mktemp("alone")
    train = ("--scale", "subset", "--arithmetic", arithmetic, "--data", data)

    def make(recipe: str) -> int:
        return finish(start("train", recipe, *train, "--out", folder / recipe)).code

    with ThreadPoolExecutor(2) as makers:
        assert [0] * len(RECIPES) == list(makers.map(make, RECIPES))
    return folder


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_fresh_process_and_one_that_has_made_other_runs_give_the_same_bits(
    recipe: str, alone: Path, one_after_another: Path
) -> None:
    [other] = (one_after_another / recipe).glob("*/seed-0")
    assert contents(alone / recipe) == contents(other)


@pytest.mark.parametrize("framework", [False, True])
@pytest.mark.parametrize("name", ["keras-cnn", "tf-cnn", "vgg7-bn"])
def test_a_training_that_reports_each_step_gives_the_same_bits(
    name: str, framework: bool, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(find(name), batch_size=20)
    scale = Scale(90, 0, 50, Epochs(2), scored_after=(2,))
    arithmetic = "framework" if framework else "original"
    whole = train(recipe, dataset, 0, scale, arithmetic)
    monkeypatch.setattr(train_module, "PIECE_SECONDS", 0.0)
    monkeypatch.setattr(train_module, "_FIRST_STEPS", 1)
    in_pieces = train(recipe, dataset, 0, scale, arithmetic)

    assert whole.step_losses.tobytes() == in_pieces.step_losses.tobytes()
    assert (whole.scores, whole.lines) == (in_pieces.scores, in_pieces.lines)


def contents(folder: Path) -> Dict[str, object]:
    made: Dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del made["provenance"]  # when, and how long
    return {**made, **{name: (folder / name).read_bytes() for name in FILES}}
