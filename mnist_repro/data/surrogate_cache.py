"""Keeps the surrogate in our cache, so that later commands do not draw it again."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np

from mnist_repro.data import mnist, places, surrogate
from mnist_repro.data.dataset import DRAWN, HASHES, Dataset, recognise
from mnist_repro.errors import BadInput
from mnist_repro.files import atomic


def surrogate_dataset() -> Dataset:
    """The surrogate, from the cache if it has a valid copy.

    Raises:
        BadInput: this machine's NumPy draws different digits, as their hash shows.
    """
    path = kept_path()
    with contextlib.suppress(BadInput):
        cached = mnist.read(path)
        if cached.name == "surrogate":
            return dataclasses.replace(cached, source=DRAWN)
    dataset = _draw()
    # If the cache cannot be written, the next command only needs a second more.
    with contextlib.suppress(BadInput):
        _keep(dataset, path)
    return dataset


def kept_path() -> Path:
    """The file of the copy. Its name has the hash, so that versions with different digits use different files."""
    return places.own_cache() / f"surrogate-{HASHES['surrogate'][:12]}.npz"


def _draw() -> Dataset:
    images, labels = surrogate.draw()
    dataset = recognise(DRAWN, images[:60_000], labels[:60_000], images[60_000:], labels[60_000:])
    if dataset.name != "surrogate":
        raise BadInput(
            f"the surrogate drawn with NumPy {np.__version__} hashes to {dataset.sha256}",
            f"it is {HASHES['surrogate']} on every machine and with every NumPy",
            "use another NumPy, or real data with --data FOLDER, and report this as a bug",
        )
    return dataset


def _keep(dataset: Dataset, path: Path) -> None:
    with atomic.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            x_train=dataset.train_images,
            y_train=dataset.train_labels,
            x_test=dataset.test_images,
            y_test=dataset.test_labels,
        )
