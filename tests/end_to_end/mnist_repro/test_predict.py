"""`mnist-repro predict` in a process that somebody has set up for something else: the same from both files of a run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

import pytest

from tests.builders.command_line import Ended, environment, run_alone

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
def trained(data: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "seed-0"
    ended = run_alone("train", "vgg7-bn", "--scale", "subset", "--data", data, "--out", folder)
    assert 0 == ended.code, ended.err
    return folder


@pytest.fixture(scope="module")
def fresh(trained: Path, data: str, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """A process whose environment somebody has set up for something else."""
    keras = tmp_path_factory.mktemp("keras")
    settings = {"floatx": "float16", "epsilon": 0.5, "backend": "jax", "image_data_format": "channels_first"}
    (keras / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    files = ["param.hdf5", "model.h5"]
    changes = {
        **{"KERAS_HOME": str(keras), "KERAS_BACKEND": "jax", "OMP_NUM_THREADS": "7"},
        **{"CUDA_VISIBLE_DEVICES": "0", "PYTHONWARNINGS": "error"},
    }
    ended = subprocess.run(
        [sys.executable, "-c", PREDICT_BOTH, *(str(trained / file) for file in files), data],
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
    fresh: Fresh, trained: Path, data: str
) -> None:
    plain = run_alone("predict", trained, "--first", "100", "--data", data)

    assert {"param.hdf5": plain, "model.h5": plain} == fresh.predicted
    assert 0 == plain.code, plain.err
