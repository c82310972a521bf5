"""The folder through which environments hand one another their weights, with what each of them made of its own."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset

FOLDER = "MNIST_REPRO_WEIGHTS_FOLDER"

WRITERS = ("ours-newest", "ours-tf220", "tensorflow-2.2.0")

# Fifteen pairs of writer and reader predict for each recipe: all test images would take minutes.
PREDICTED_IMAGES = 2_000

# For one further training step: so many of the test images. With more of them, what the frameworks lose in batch
# normalisation's float32 sums over all pixels of a batch comes near the tolerance.
STEP_IMAGES = 20


@dataclass(frozen=True, eq=False)
class Expected:
    """What a writer held in its memory, and what it made of it.

    Args:
        arrays: every weight, in the order of the layers, float32.
        predictions: class probabilities of the first test images, shape (`PREDICTED_IMAGES`, 10).
        losses: of two training steps on the same batch, and of that batch afterwards, shape (3,).
    """

    arrays: Tuple[np.ndarray, ...]
    predictions: np.ndarray
    losses: np.ndarray


def folder() -> Path:
    """Where the environments meet."""
    return Path(os.environ[FOLDER])


def weights_file(writer: str, recipe: str) -> Path:
    return folder() / writer / recipe / "param.hdf5"


def model_file(writer: str, recipe: str) -> Path:
    return folder() / writer / recipe / "model.h5"


def begin(writer: str, dataset: Dataset, made_with: str) -> None:
    """Remove what the writer left before, so that nobody reads yesterday's files, and say which data it uses."""
    shutil.rmtree(str(folder() / writer), ignore_errors=True)
    (folder() / writer).mkdir(parents=True)
    about = {"data": dataset.name, "sha256": dataset.sha256, "made_with": made_with}
    (folder() / writer / "about.json").write_text(json.dumps(about), encoding="utf-8")


def about(writer: str) -> Dict[str, str]:
    """Data and versions of a writer."""
    content: Dict[str, str] = json.loads((folder() / writer / "about.json").read_text(encoding="utf-8"))
    return content


def keep(writer: str, recipe: str, expected: Expected) -> None:
    """Store what a writer expects of its readers."""
    named: Dict[str, np.ndarray] = {f"array_{place:03}": array for place, array in enumerate(expected.arrays)}
    named.update(predictions=expected.predictions, losses=expected.losses)
    with (folder() / writer / recipe / "expected.npz").open("wb") as file:
        np.savez(file, **named)  # type: ignore[arg-type]


def expected(writer: str, recipe: str) -> Expected:
    """What a writer expects of its readers."""
    with np.load(str(folder() / writer / recipe / "expected.npz"), allow_pickle=False) as file:
        arrays: List[np.ndarray] = [file[name] for name in sorted(file.files) if name.startswith("array_")]
        return Expected(tuple(arrays), file["predictions"], file["losses"])
