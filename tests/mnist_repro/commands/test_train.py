"""`mnist-repro train` through the command line: what it leaves, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List, Tuple

import pytest

from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.runs import run_json
from tests.builders.command_line import Ended, contents, ends_with_one_message, listed, run
from tests.builders.reproduced import Reproduced

TRAINED = ["learn.log", "model.h5", "param.hdf5", "run.json"]


@pytest.fixture(scope="module")
def trained(data: str, tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, Ended]:
    """A folder in which a user has said no more than what to train."""
    folder = tmp_path_factory.mktemp("Eigene Läufe")
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        ended = run(
            *("train", "wheel-softmax", "--seed", "5", "--scale", "subset", "--data", data), *("--tensorboard", "board")
        )
    return folder, ended


def test_training_says_what_it_used_found_and_left_by_recipe_kind_and_seed(
    trained: Tuple[Path, Ended], dataset: Dataset
) -> None:
    folder, ended = trained
    place = f"runs/wheel-softmax/{dataset.name}-subset-original/seed-5"
    kept = folder / place
    test = run_json.read(kept).scores[0].test

    assert 0 == ended.code, ended.err
    assert [
        describe(dataset),
        f"after 3 epochs: test loss {test.loss:.5f}, test accuracy {test.accuracy:.4f}",
        f"left in {place}: learn.log param.hdf5 model.h5 run.json",
    ] == ended.out.splitlines()
    assert (TRAINED, ["board", "runs"]) == (listed(kept), listed(folder))


def test_another_seed_is_another_run(trained: Tuple[Path, Ended], reproduced: Reproduced) -> None:
    [ours] = trained[0].glob("runs/wheel-softmax/*/seed-5/param.hdf5")

    assert ours.read_bytes() != (reproduced.folder("wheel-softmax") / "param.hdf5").read_bytes()


def test_the_frameworks_own_arithmetic_is_used_on_request(data: str, tmp_path: Path) -> None:
    ended = run(
        *("train", "wheel-softmax", "--scale", "subset", "--arithmetic", "framework"),
        *("--data", data, "--out", tmp_path),
    )

    assert 0 == ended.code, ended.err
    assert "framework" == json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["arithmetic"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["wheel-softmaks"], "unknown recipe 'wheel-softmaks'\n"),
        (["vgg7", "--seed", "-1"], "seed -1\n"),
        (["vgg7", "--out", "file/deeper"], "{here}/file is not a folder\n  why: file/deeper must be one\n"),
        (["vgg7", "--tensorboard", "file"], "{here}/file is not a folder\n  why: file must be one\n"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(
    arguments: List[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    ended = run("train", *arguments)

    ends_with_one_message(ended, what.format(here=tmp_path))
    assert ("", ["file"]) == (ended.out, listed(tmp_path))


def test_a_run_of_another_kind_is_not_replaced(trained: Tuple[Path, Ended], data: str) -> None:
    [kept] = trained[0].glob("runs/wheel-softmax/*/seed-5")
    before = contents(kept)
    again = ("train", "wheel-softmax", "--data", data, "--out", kept)

    ends_with_one_message(run(*again), f"{kept} holds a run at scale subset, not at scale full\n")
    ends_with_one_message(
        run(*again, "--scale", "subset", "--arithmetic", "framework"),
        f"{kept} holds a run with arithmetic original, not with arithmetic framework\n",
    )
    assert before == contents(kept)


@pytest.mark.parametrize("command", [("train", "vgg7"), ("reproduce",)])
def test_threads_that_tensorflow_cannot_have_are_refused_before_anything_is_made(
    command: Tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_REPRO_THREADS", "two")

    ends_with_one_message(run(*command, "--out", tmp_path), "MNIST_REPRO_THREADS='two'\n")
    assert [] == listed(tmp_path)
