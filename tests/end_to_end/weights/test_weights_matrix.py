"""Whoever wrote the weights, whoever reads them has the same arrays, predictions and next training step.

Run by tox (`tox run -e weights`), which lets each environment write before the others read; see exchange.py.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import pytest

from mnist_repro.data import locate
from mnist_repro.data.dataset import Dataset, describe
from mnist_repro.recipes import RECIPES, find
from mnist_repro.training import framework
from mnist_repro.weights import model_h5
from tests.end_to_end.weights.exchange import (
    FOLDER,
    PREDICTED_IMAGES,
    STEP_IMAGES,
    WRITERS,
    Expected,
    about,
    expected,
    model_file,
    weights_file,
)
from tests.end_to_end.weights.models import READERS, Model

if FOLDER not in os.environ:
    pytest.skip(f"the weights matrix needs other environments: tox run -e weights ({FOLDER} is not set)", True)

# The frameworks' own warnings, such as TensorFlow 2.2's of names that NumPy has since deprecated.
pytestmark = pytest.mark.filterwarnings("ignore")

HERE = ["tensorflow-2.2.0", "ours"] if framework.keras_version().startswith("2.") else ["keras-3", "tf_keras", "ours"]

PREDICTION_TOLERANCE = 1e-5
LOSS_TOLERANCE = 1e-5

Cell = Tuple[str, str, str]


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return locate.load()


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest, dataset: Dataset) -> Iterator[Dict[Cell, List[float]]]:
    """Largest differences by writer, reader and recipe; shown at the end."""
    differences: Dict[Cell, List[float]] = {}
    yield differences
    lines = [describe(dataset), f"largest differences: predictions of {PREDICTED_IMAGES:,} images, losses"]
    for (writer, reader, name), values in sorted(differences.items()):
        lines.append(f"  {writer:17} read by {reader:17} {name:14} {' '.join(f'{value:.1e}' for value in values)}")
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    reporter.write_line("\n" + "\n".join(lines))


@pytest.fixture(params=RECIPES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=HERE)
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest, dataset: Dataset) -> str:
    """A writer that has written, from the data that is read here too."""
    writer = str(request.param)
    if not (Path(os.environ[FOLDER]) / writer / "vgg7-bn" / "expected.npz").exists():
        pytest.fail(f"{writer} has not written, or not all: tox run -e weights", pytrace=False)
    if about(writer)["sha256"] != dataset.sha256:
        pytest.fail(
            f"{writer} used {about(writer)['data']}, here is {dataset.name}: set MNIST_REPRO_DATA", pytrace=False
        )
    return writer


@pytest.fixture
def wanted(writer: str, name: str) -> Expected:
    return expected(writer, name)


@pytest.fixture
def model(writer: str, reader: str, name: str) -> Model:
    return READERS[reader](find(name), weights_file(writer, name))


def test_arrays_are_the_same_bits(model: Model, wanted: Expected) -> None:
    assert [array.tobytes() for array in wanted.arrays] == [array.tobytes() for array in model.arrays()]


def test_predictions_are_the_same(
    model: Model,
    wanted: Expected,
    dataset: Dataset,
    measured: Dict[Cell, List[float]],
    writer: str,
    reader: str,
    name: str,
) -> None:
    predictions = model.predictions(dataset.test_images[:PREDICTED_IMAGES])
    difference = float(np.abs(predictions - wanted.predictions).max())
    measured.setdefault((writer, reader, name), []).append(difference)

    assert (PREDICTED_IMAGES, 10) == predictions.shape
    assert difference <= PREDICTION_TOLERANCE
    assert wanted.predictions.argmax(axis=1).tolist() == predictions.argmax(axis=1).tolist()


def test_one_further_training_step_is_the_same(
    model: Model,
    wanted: Expected,
    dataset: Dataset,
    measured: Dict[Cell, List[float]],
    writer: str,
    reader: str,
    name: str,
) -> None:
    losses = model.losses(dataset.test_images[:STEP_IMAGES], dataset.test_labels[:STEP_IMAGES])
    measured.setdefault((writer, reader, name), []).extend(np.abs(losses - wanted.losses))

    # The second step sees what the first has changed.
    assert abs(wanted.losses[0] - wanted.losses[1]) > 20 * LOSS_TOLERANCE
    assert wanted.losses == pytest.approx(losses, rel=0, abs=LOSS_TOLERANCE)


def test_whole_models_hold_the_same_arrays(writer: str, name: str, wanted: Expected) -> None:
    recipe, arrays = model_h5.read_whole_model(model_file(writer, name), name)

    assert name == recipe.name
    assert [array.tobytes() for array in wanted.arrays] == [array.tobytes() for layer in arrays for array in layer]
