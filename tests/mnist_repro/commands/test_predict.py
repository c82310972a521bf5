"""`mnist-repro predict` through the command line: what it prints, and what it refuses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import List

import pytest

from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.training import pictures
from tests.builders.command_line import ends_with_one_message, run
from tests.builders.reproduced import Reproduced


def test_predictions_are_a_line_each(reproduced: Reproduced, dataset: Dataset) -> None:
    ended = run("predict", reproduced.folder("vgg7-bn"), "--first", "100", "--data", reproduced.data)
    *titles, header = ended.out.splitlines()[:3]
    lines = ended.out.splitlines()[3:]

    assert (0, "") == (ended.code, ended.err)
    assert [describe(dataset), "vgg7-bn, test images"] == titles
    assert "  index  label  predicted  probability" == header
    for index, line in enumerate(lines):
        found = re.fullmatch(rf" +{index} +{dataset.test_labels[index]} +(\d) +[01]\.\d{{4}}(  wrong)?", line)
        assert found is not None, line
        assert (int(found[1]) != dataset.test_labels[index]) == (found[2] is not None), line
    assert 100 == len(lines)


def test_training_images_are_predicted_on_request(reproduced: Reproduced, dataset: Dataset) -> None:
    ended = run(
        *("predict", reproduced.folder("wheel-softmax"), "--of", "training", "--first", "10"),
        *("--data", reproduced.data),
    )

    assert 0 == ended.code, ended.err
    assert [str(label) for label in dataset.train_labels[:10]] == [
        line.split()[1] for line in ended.out.splitlines()[3:]
    ]


def test_one_image_is_shown_with_all_ten_probabilities(reproduced: Reproduced, dataset: Dataset) -> None:
    ended = run("predict", reproduced.folder("wheel-softmax"), "--index", "247", "--data", reproduced.data)
    lines = ended.out.splitlines()[3:]

    assert (0, 11) == (ended.code, len(lines))
    assert ["247", str(dataset.test_labels[247])] == lines[0].split()[:2]
    assert [str(digit) for digit in range(10)] == [line.split()[0] for line in lines[1:]]
    assert 1.0 == pytest.approx(sum(float(line.split()[1]) for line in lines[1:]), abs=1e-3)


def test_a_picture_is_predicted_like_the_image_it_shows(
    reproduced: Reproduced, dataset: Dataset, tmp_path: Path
) -> None:
    picture, model = tmp_path / "eine Sieben.png", reproduced.folder("wheel-softmax") / "model.h5"
    pictures.write_png(picture, dataset.test_images[0])
    of_data = run("predict", model, "--index", "0", "--data", reproduced.data).out.splitlines()
    # No data is needed, nor looked for.
    of_file = run("predict", model, "--image", picture, "--data", "/nowhere").out.splitlines()

    assert f"wheel-softmax: {picture} is a {of_data[3].split()[2]}" == of_file[0]
    assert of_data[4:] == of_file[1:]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--index", "10000"], "--index 10000\n  why: there are 10,000 test images, counted from 0\n"),
        (["--index", "-1"], "--index -1\n  why: there are 10,000 test images, counted from 0\n"),
        (["--index", "60000", "--of", "training"], "--index 60000\n  why: there are 60,000 training images"),
        (["--first", "0"], "--first 0\n  why: there are 10,000 test images\n"),
        (["--first", "10001"], "--first 10001\n  why: there are 10,000 test images\n"),
        (["--image", "."], "cannot read .: it is a folder"),
    ],
)
def test_images_that_are_not_there(arguments: List[str], what: str, reproduced: Reproduced) -> None:
    ended = run("predict", reproduced.folder("wheel-softmax"), "--data", reproduced.data, *arguments)

    ends_with_one_message(ended, what)


@pytest.mark.parametrize(("source", "name"), [("param.hdf5", "model.h5"), ("model.h5", "param.hdf5")])
def test_a_file_is_known_by_what_it_holds_not_by_its_name(
    source: str, name: str, reproduced: Reproduced, tmp_path: Path
) -> None:
    folder = reproduced.folder("vgg7-bn")
    shutil.copy(str(folder / source), str(tmp_path / name))
    first = ("--first", "100", "--data", reproduced.data)
    told = run("predict", tmp_path / name, *first)

    assert 0 == told.code, told.err
    assert run("predict", folder / source, *first).out == told.out
