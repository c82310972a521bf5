"""`mnist-repro errors` through the command line: the analysis of the blog that published vgg7."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Tuple

import pytest

from mnist_repro.commands.errors import tables
from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import find
from mnist_repro.training import pictures
from tests.builders.command_line import Ended, ends_with_one_message, listed, run
from tests.builders.made_up import evaluation
from tests.builders.reproduced import Reproduced


@pytest.fixture(scope="module")
def analysed(reproduced: Reproduced, tmp_path_factory: pytest.TempPathFactory) -> Tuple[Ended, Path]:
    """How the command ended, and the folder of the images."""
    images = tmp_path_factory.mktemp("errors") / "wrong" / "images"
    model = reproduced.folder("vgg7-bn") / "model.h5"
    return run("errors", model, "--data", reproduced.data, "--images", images), images


def test_errors_per_label_and_pair_stand_beside_the_published_ones(analysed: Tuple[Ended, Path]) -> None:
    lines = analysed[0].out.splitlines()
    labels, pairs = lines.index("label  wrong  published"), lines.index("predicted  label  images  published")
    per_label = [[int(cell) for cell in line.split()] for line in lines[labels + 1 : pairs - 1]]
    per_pair = [[int(cell) for cell in line.split()] for line in lines[pairs + 1 : -4]]
    _, right, _, wrong, _ = lines[1].replace(",", "").split()

    assert 0 == analysed[0].code, analysed[0].err
    assert 10_000 == int(right) + int(wrong)
    assert sorted(range(10)) == sorted(label for label, _, _ in per_label)
    assert {9: 18, 7: 18, 5: 15, 4: 14, 6: 14, 3: 8, 8: 8, 2: 7, 1: 2, 0: 2} == {
        label: published for label, _, published in per_label
    }
    # Every published pair is there, also where we have no such error.
    assert 106 == sum(published for *_, published in per_pair)
    assert int(wrong) == sum(wrong for _, wrong, _ in per_label) == sum(images for _, _, images, _ in per_pair)


def test_every_wrong_image_is_written_and_the_first_ten_are_named(
    analysed: Tuple[Ended, Path], dataset: Dataset
) -> None:
    ended, images = analysed
    lines = ended.out.splitlines()
    at, named = next((at, line) for at, line in enumerate(lines) if line.startswith("indices of the wrong images: "))
    files = listed(images)

    assert [int(index) for index in named.split(": ")[1].split()] == [int(name[:5]) for name in files[:10]]
    assert lines[at + 1].startswith(f"and {len(files) - 10:,} more: --images DIR writes each image")
    assert f"{len(files)} images in {images}" == lines[-1]
    for name in files[:10]:
        index, label, predicted = int(name[:5]), int(name[12]), int(name.split("predicted-")[1][0])
        assert (int(dataset.test_labels[index]), True) == (label, label != predicted), name
        assert (dataset.test_images[index] == pictures.read_image(images / name)).all(), name


def test_the_images_of_two_models_are_not_mixed(
    analysed: Tuple[Ended, Path], reproduced: Reproduced, tmp_path: Path
) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(str(analysed[1]), str(folder))
    (folder / "notes.png").touch()
    before = listed(folder)
    other = run("errors", reproduced.folder("wheel-softmax"), "--data", reproduced.data, "--images", folder)
    again = run("errors", reproduced.folder("vgg7-bn"), "--data", reproduced.data, "--images", folder)

    ends_with_one_message(other, f"{folder} has pictures of what another model got wrong, such as 0")
    # The same model's pictures take their own places.
    assert (0, "", before) == (again.code, again.err, listed(folder))


def test_nothing_published_stands_beside_a_recipe_whose_source_printed_no_errors() -> None:
    assert [
        *("wheel-softmax: 9,995 right, 5 wrong", "", "label  wrong", "    4      5"),
        *(f"    {label}      0" for label in (9, 8, 7, 6, 5, 3, 2, 1, 0)),
        *("", "predicted  label  images", "        9      4       5"),
        *("", "indices of the wrong images: 0 1 2 3 4"),
    ] == tables(find("wheel-softmax"), evaluation(0.27, 0.9995))


def test_a_model_without_errors_has_empty_tables() -> None:
    lines = tables(find("tf-cnn"), evaluation(0.0, 1.0))

    assert ["predicted  label  images", "", "indices of the wrong images: "] == lines[-3:]


@pytest.mark.parametrize("images", ["file", "file/deeper"])
def test_a_place_for_images_that_is_none_is_told_before_the_work(
    images: str, reproduced: Reproduced, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    asked = ("errors", reproduced.folder("wheel-softmax"), "--data", reproduced.data)

    ended = run(*asked, "--images", tmp_path / images)
    ends_with_one_message(ended, f"{tmp_path / 'file'} is not a folder\n  why: {tmp_path / images} must be one\n")
    assert "" == ended.out


def test_a_folder_without_a_run(tmp_path: Path, data: str) -> None:
    ends_with_one_message(run("errors", tmp_path, "--data", data), f"{tmp_path} has no param.hdf5\n")

    assert [] == listed(tmp_path)
