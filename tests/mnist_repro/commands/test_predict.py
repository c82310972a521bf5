"""`mnist-repro predict` through the command line: the same from weights and whole model, in any process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import pytest

from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.training import pictures
from tests.builders.command_line import Ended, ends_with_one_message, environment, run
from tests.builders.reproduced import Reproduced

# Two commands in a process that imports TensorFlow once; what they say is kept apart.
PREDICT_BOTH = """
import json, sys, warnings
from tests.builders.command_line import run

ended = [vars(run("predict", file, "--first", "100", "--data", sys.argv[3])) for file in sys.argv[1:3]]
print(json.dumps([*ended, "matplotlib" in sys.modules]))
warnings.simplefilter("ignore")
import matplotlib.pyplot
"""


@dataclass(frozen=True)
class Fresh:
    """What a fresh process said.

    Args:
        predicted: for a hundred test images, by the file of vgg7-bn that it was given.
        matplotlib: whether it had imported matplotlib for that.
        err: what it, or TensorFlow, wrote to its standard error.
    """

    predicted: Dict[str, Ended]
    matplotlib: bool
    err: bytes


@pytest.fixture(scope="module")
def fresh(reproduced: Reproduced, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """A process whose environment somebody has set up for something else."""
    keras = tmp_path_factory.mktemp("keras")
    settings = {"floatx": "float16", "epsilon": 0.5, "backend": "jax", "image_data_format": "channels_first"}
    (keras / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    files = ["param.hdf5", "model.h5"]
    changes = {
        **{"KERAS_HOME": str(keras), "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "7"},
        **{"CUDA_VISIBLE_DEVICES": "0", "PYTHONWARNINGS": "error"},
    }
    places = [str(reproduced.folder("vgg7-bn") / file) for file in files]
    ended = subprocess.run(
        [sys.executable, "-c", PREDICT_BOTH, *places, reproduced.data],
        cwd=str(Path(__file__).parents[3]),
        env=environment(changes),
        capture_output=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr.decode()
    *said, matplotlib = json.loads(ended.stdout)
    return Fresh({file: Ended(**fields) for file, fields in zip(files, said)}, matplotlib, ended.stderr)


def test_tensorflow_comes_quietly_and_without_matplotlib_which_can_be_had_later(fresh: Fresh) -> None:
    assert (False, b"") == (fresh.matplotlib, fresh.err)


def test_a_fresh_process_predicts_the_same_from_weights_and_from_the_whole_model(
    fresh: Fresh, reproduced: Reproduced
) -> None:
    here = run("predict", reproduced.folder("vgg7-bn"), "--first", "100", "--data", reproduced.data)

    assert {"param.hdf5": here, "model.h5": here} == fresh.predicted
    assert 0 == here.code, here.err


def test_predictions_are_a_line_each(fresh: Fresh, dataset: Dataset) -> None:
    *titles, header = fresh.predicted["model.h5"].out.splitlines()[:3]
    lines = fresh.predicted["model.h5"].out.splitlines()[3:]

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
