"""`mnist-repro estimate` through the command line: the tutorial's second component, and every file it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.runs.run_json import read
from mnist_repro.weights import param_hdf5 as weights
from tests.builders.command_line import contents, ends_with_one_message, listed, run
from tests.builders.reproduced import Reproduced
from tests.builders.weights_files import edited, written


@pytest.mark.parametrize("recipe", ["wheel-softmax", "vgg7-bn"])
def test_a_run_is_scored_from_its_weights(
    recipe: str, reproduced: Reproduced, dataset: Dataset, tmp_path: Path
) -> None:
    ended = run("estimate", reproduced.folder(recipe), "--data", reproduced.data, "--out", tmp_path / "out")
    test = read(reproduced.folder(recipe)).scores[-1].test

    assert 0 == ended.code, ended.err
    assert [
        describe(dataset),
        f"{recipe}, {test.right + test.wrong:,} test images: {test.right:,} right, {test.wrong:,} wrong",
        f"Test loss: {test.loss}",
        f"Test accuracy: {test.accuracy}",
    ] == ended.out.splitlines()
    assert f"Test loss: {test.loss}\nTest accuracy: {test.accuracy}\n" == (
        (tmp_path / "out" / "eval.log").read_text(encoding="utf-8")
    )
    assert ["eval.log", "evaluation.json"] == listed(tmp_path / "out")


def test_a_bare_file_says_itself_whose_weights_it_holds(reproduced: Reproduced, tmp_path: Path) -> None:
    file = shutil.copy(str(reproduced.folder("tf-softmax") / "param.hdf5"), str(tmp_path / "somebody's Gewichte.hdf5"))
    ended = run("estimate", file, "--data", reproduced.data)

    assert 0 == ended.code, ended.err
    assert ended.out.splitlines()[1].startswith("tf-softmax, 10,000 test images: ")
    assert ["eval.log", "evaluation.json", "somebody's Gewichte.hdf5"] == listed(tmp_path)


def test_a_file_that_does_not_say_is_scored_as_the_recipe_named(reproduced: Reproduced, tmp_path: Path) -> None:
    file = tmp_path / "param.hdf5"
    shutil.copy(str(reproduced.folder("wheel-softmax") / "param.hdf5"), str(file))
    edited(file, lambda root: root.attrs.pop(weights.RECIPE_ATTRIBUTE))
    named = run("estimate", file, "--data", reproduced.data, "--recipe", "wheel-softmax")

    ends_with_one_message(run("estimate", file, "--data", reproduced.data), f"{file} does not say which recipe it is ")
    assert (0, True) == (named.code, "\nwheel-softmax, 10,000 test images: " in named.out)


def test_a_run_is_found_from_the_folder_that_one_is_in(reproduced: Reproduced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(reproduced.folder("wheel-softmax"))
    before = contents(Path())
    ended = run("estimate", ".", "--data", reproduced.data)

    assert 0 == ended.code, ended.err
    # What `reproduce` had estimated in a process of its own is written again, with the same bytes.
    assert before == contents(Path())


@pytest.mark.parametrize("recipe", ["vgg7", "tf-softmax", "tf-sofmax"])
def test_weights_that_cannot_be_those_of_the_recipe_are_refused_and_nothing_is_written(
    recipe: str, reproduced: Reproduced, tmp_path: Path, data: str
) -> None:
    shutil.copy(str(reproduced.folder("wheel-softmax") / "param.hdf5"), str(tmp_path))
    ends_with_one_message(run("estimate", tmp_path / "param.hdf5", "--data", data, "--recipe", recipe), "")

    assert ["param.hdf5"] == listed(tmp_path)


def test_weights_of_another_recipe_in_a_runs_folder(reproduced: Reproduced, tmp_path: Path) -> None:
    shutil.copy(str(reproduced.folder("wheel-softmax") / "run.json"), str(tmp_path))
    file = written(tmp_path, "vgg7")

    ended = run("estimate", tmp_path, "--data", reproduced.data)
    ends_with_one_message(ended, f"{file} does not hold the weights of wheel-softmax: ")
    assert ["param.hdf5", "run.json"] == listed(tmp_path)


@pytest.fixture
def own(reproduced: Reproduced, tmp_path: Path) -> Path:
    """A copy of a run whose run.json says that it is of other data than there is."""
    folder = tmp_path / "run"
    shutil.copytree(str(reproduced.folder("wheel-softmax")), str(folder))
    fields = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    fields["dataset"] = {"name": "surrogate", "sha256": "0123456789abcdef", "source": "drawn by somebody"}
    (folder / "run.json").write_text(json.dumps(fields), encoding="utf-8")
    return folder


@pytest.mark.parametrize("named", ["", "param.hdf5"])
def test_a_run_is_not_told_to_have_scored_on_other_data(
    named: str, own: Path, reproduced: Reproduced, dataset: Dataset
) -> None:
    before = contents(own)
    ended = run("estimate", own / named, "--data", reproduced.data)

    other = f"not on {dataset.name} data ({dataset.sha256[:12]}…)\n"
    ends_with_one_message(ended, f"{own} holds a run on surrogate data (0123456789ab…), {other}")
    assert before == contents(own)


def test_other_data_is_scored_elsewhere_and_the_file_says_which(
    own: Path, reproduced: Reproduced, dataset: Dataset
) -> None:
    elsewhere = own.parent / "elsewhere"
    before = contents(own)
    ended = run("estimate", own, "--data", reproduced.data, "--out", elsewhere)

    assert 0 == ended.code, ended.err
    assert {"name": dataset.name, "sha256": dataset.sha256} == (
        json.loads((elsewhere / "evaluation.json").read_text(encoding="utf-8"))["dataset"]
    )
    assert before == contents(own)


def test_a_run_that_cannot_be_written_into_can_be_scored_elsewhere(own: Path, reproduced: Reproduced) -> None:
    file = own / "eval.log"
    file.unlink()
    file.mkdir()
    ended = run("estimate", own, "--data", reproduced.data)

    ends_with_one_message(ended, f"{file} is a folder\n")
    assert ended.err.endswith(f"remove {file}, or name another folder: --out DIR\n")


def test_weights_beside_a_damaged_run_are_not_to_be_lost(own: Path, reproduced: Reproduced, tmp_path: Path) -> None:
    (own / "run.json").write_text("{", encoding="utf-8")
    weights = own / "param.hdf5"
    ended = run("estimate", weights, "--data", reproduced.data)

    ends_with_one_message(ended, f"{own / 'run.json'} is not JSON\n")
    assert ended.err.endswith("next: name another folder: --out DIR\n")
    assert 0 == run("estimate", weights, "--data", reproduced.data, "--out", tmp_path / "elsewhere").code
