"""`mnist-repro predict` through the command line: the same from weights and whole model, in any process."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.training import pictures
from tests.builders.command_line import Ended, environment, run
from tests.builders.reproduced import Reproduced

# Two commands in a process that imports TensorFlow once; what they say is kept apart.
PREDICT_BOTH = """
import json, sys
from tests.builders.command_line import run

print(json.dumps([vars(run("predict", file, "--first", "100", "--data", sys.argv[3])) for file in sys.argv[1:3]]))
"""


@pytest.fixture(scope="module")
def fresh(reproduced: Reproduced, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Ended]:
    """What a fresh process predicts for a hundred test images, from either file of vgg7-bn.

    Its environment is one that somebody has set up for something else.
    """
    keras = tmp_path_factory.mktemp("keras")
    settings = {"floatx": "float16", "epsilon": 0.5, "backend": "jax", "image_data_format": "channels_first"}
    (keras / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    files = ["param.hdf5", "model.h5"]
    changes = {
        "KERAS_HOME": str(keras),
        "KERAS_BACKEND": "jax",
        "OMP_NUM_THREADS": "7",
        "CUDA_VISIBLE_DEVICES": "0",
        "PYTHONWARNINGS": "error",
    }
    places = [str(reproduced.folder("vgg7-bn") / file) for file in files]
    ended = subprocess.run(
        [sys.executable, "-c", PREDICT_BOTH, *places, reproduced.data],
        cwd=str(Path(__file__).parents[3]),
        env=environment(changes),
        stdout=subprocess.PIPE,
        check=True,
    )
    return {file: Ended(**fields) for file, fields in zip(files, json.loads(ended.stdout))}


def test_a_fresh_process_predicts_the_same_from_weights_and_from_the_whole_model(
    fresh: Dict[str, Ended], reproduced: Reproduced
) -> None:
    here = run("predict", reproduced.folder("vgg7-bn"), "--first", "100", "--data", reproduced.data)

    assert (0, 0, 0) == (here.code, fresh["param.hdf5"].code, fresh["model.h5"].code), fresh["model.h5"].err
    assert here.out == fresh["param.hdf5"].out == fresh["model.h5"].out


def test_predictions_are_a_line_each(fresh: Dict[str, Ended], dataset: Dataset) -> None:
    first, second, header, *lines = fresh["model.h5"].out.splitlines()

    assert [describe(dataset), "vgg7-bn, test images", "  index  label  predicted  probability"] == [
        first,
        second,
        header,
    ]
    assert [(index, int(label)) for index, label in enumerate(dataset.test_labels[:100])] == [
        tuple(int(cell) for cell in line.split()[:2]) for line in lines
    ]
    for line in lines:
        found = re.fullmatch(r" +\d+ +(\d) +(\d) +([01]\.\d{4})(  wrong)?", line)
        assert found is not None, line
        assert (found[1] != found[2]) == (found[4] is not None), line


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


@pytest.fixture
def picture(dataset: Dataset, tmp_path: Path) -> Path:
    """Test image 0 as a picture file."""
    pictures.write_png(tmp_path / "eine Sieben.png", dataset.test_images[0])
    return tmp_path / "eine Sieben.png"


def test_a_picture_is_predicted_like_the_image_it_shows(reproduced: Reproduced, picture: Path) -> None:
    model = reproduced.folder("wheel-softmax") / "model.h5"
    of_data = run("predict", model, "--index", "0", "--data", reproduced.data).out.splitlines()
    # No data is needed, nor looked for.
    of_file = run("predict", model, "--image", picture, "--data", "/nowhere").out.splitlines()

    assert f"wheel-softmax: {picture} is a {of_data[3].split()[2]}" == of_file[0]
    assert of_data[4:] == of_file[1:]


def refused(ended: Ended, what: str) -> None:
    """The command has ended with one message of three parts that begins with ``what``."""
    assert (2, True) == (ended.code, ended.err.startswith(f"mnist-repro: {what}")), ended.err
    assert "Traceback" not in ended.err
    assert (1, 1, 1) == tuple(ended.err.count(part) for part in ("mnist-repro: ", "\n  why: ", "\n  next: "))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--index", "10000"], "--index 10000\n  why: there are 10,000 test images, counted from 0\n"),
        (["--index", "-1"], "--index -1\n  why: there are 10,000 test images, counted from 0\n"),
        (["--index", "60000", "--of", "training"], "--index 60000\n  why: there are 60,000 training images"),
        (["--first", "0"], "--first 0\n  why: there are 10,000 test images\n"),
        (["--first", "10001"], "--first 10001\n  why: there are 10,000 test images\n"),
    ],
)
def test_images_that_are_not_there(arguments: List[str], what: str, reproduced: Reproduced) -> None:
    refused(run("predict", reproduced.folder("wheel-softmax"), "--data", reproduced.data, *arguments), what)


@pytest.mark.parametrize(("source", "name"), [("param.hdf5", "model.h5"), ("model.h5", "param.hdf5")])
def test_a_file_is_known_by_what_it_holds_not_by_its_name(
    source: str, name: str, reproduced: Reproduced, tmp_path: Path
) -> None:
    folder = reproduced.folder("vgg7-bn")
    shutil.copy(str(folder / source), str(tmp_path / name))
    told = run("predict", tmp_path / name, "--data", reproduced.data)

    assert 0 == told.code, told.err
    assert run("predict", folder / source, "--data", reproduced.data).out == told.out


def test_a_picture_that_is_none(reproduced: Reproduced, tmp_path: Path) -> None:
    refused(
        run("predict", reproduced.folder("wheel-softmax") / "param.hdf5", "--image", tmp_path),
        f"cannot read {tmp_path}: it is a folder",
    )
