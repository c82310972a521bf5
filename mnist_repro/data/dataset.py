"""The `Dataset` that trainings use: checked images and labels, with a name that says whether they are MNIST."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from mnist_repro.errors import BadInput, escaped
from mnist_repro.files.guarded import WHOLE_COPY

DRAWN = "drawn by mnist-repro"
# The name of well-formed data that is neither MNIST nor the surrogate.
UNRECOGNISED = "unrecognised"

# SHA-256 of the decoded arrays, see `digest`: the file format does not matter.
KNOWN = {
    "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16": "mnist",
    "fd176cacd30df9ca86055cc8763701fb495050a3f92f79af7297a1c8c968e191": "surrogate",
}
HASHES = {name: sha256 for sha256, name in KNOWN.items()}

_TITLES = {
    "mnist": "MNIST",
    "surrogate": "SURROGATE digits, not MNIST",
    UNRECOGNISED: "UNRECOGNISED images, not MNIST",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, read-only.

    Args:
        name: "mnist", "surrogate", or "unrecognised" (well-formed, but neither).
        source: where it came from, for the user: a path, or `DRAWN`.
        sha256: see `digest`.
        train_images: uint8 (60000, 28, 28), as are the test images (10000, 28, 28).
        train_labels: uint8 (60000,), each 0 to 9, as are the test labels (10000,).

    Raises:
        BadInput: images are not 28×28 bytes, labels are not 0 to 9, or the numbers of images and labels differ.
    """

    name: str
    source: str
    sha256: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self) -> None:
        if self.name not in _TITLES:
            raise ValueError(f"a dataset is one of {', '.join(_TITLES)}, not {self.name!r}")
        for part, images, labels in (
            ("training", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            check_images(images, f"{self.source}: {part} images")
            check_labels(labels, f"{self.source}: {part} labels")
            _check_counts(images, labels, self.source, part)
        for field in ("train_images", "train_labels", "test_images", "test_labels"):
            # A view, so that the caller's array stays writable.
            view = getattr(self, field).view()
            view.setflags(write=False)
            object.__setattr__(self, field, view)


def recognise(
    source: str, train_images: np.ndarray, train_labels: np.ndarray, test_images: np.ndarray, test_labels: np.ndarray
) -> Dataset:
    """The dataset of these arrays; their hash decides its name.

    Raises:
        BadInput: see `Dataset`.
    """
    sha256 = digest(train_images, train_labels, test_images, test_labels)
    name = KNOWN.get(sha256, UNRECOGNISED)
    return Dataset(name, source, sha256, train_images, train_labels, test_images, test_labels)


def digest(*arrays: np.ndarray) -> str:
    """One SHA-256 over the bytes of train images, train labels, test images and test labels, in this order."""
    running = hashlib.sha256()
    for array in arrays:
        running.update(np.ascontiguousarray(array).reshape(-1).data)
    return running.hexdigest()


def describe(dataset: Dataset) -> str:
    """One line that says which data a command used."""
    counts = f"({len(dataset.train_images):,} + {len(dataset.test_images):,} images)"
    where = dataset.source if dataset.source == DRAWN else f"from {escaped(dataset.source)}"
    return f"data: {_TITLES[dataset.name]} {counts} {where}"


def check_images(images: np.ndarray, where: str) -> None:
    """Refuse an array that is not 28×28 images of bytes.

    Args:
        images: the array.
        where: the file or part, for the message.
    """
    if images.dtype == np.uint8 and images.ndim == 3 and images.shape[1:] == (28, 28):
        return
    found = f"{where}: {images.dtype} of shape {times(images.shape)}"
    if images.ndim == 3:
        found = f"{where}: images of {times(images.shape[1:])} pixels, {images.dtype}"
    if images.ndim == 1:
        found = f"{found}, which looks like labels"
    raise BadInput(found, "images of 28×28 pixels, uint8, are expected", WHOLE_COPY)


def check_labels(labels: np.ndarray, where: str) -> None:
    """Refuse an array that is not one-dimensional with labels 0 to 9; arguments as in `check_images`."""
    if labels.dtype != np.uint8 or labels.ndim != 1:
        looks = ", which looks like images" if labels.ndim == 3 else ""
        raise BadInput(
            f"{where}: {labels.dtype} of shape {times(labels.shape)}{looks}",
            "labels are expected: one dimension, uint8",
            WHOLE_COPY,
        )
    wrong = np.flatnonzero(labels > 9)
    if len(wrong):
        raise BadInput(f"{where}: label {labels[wrong[0]]} at index {wrong[0]:,}", "labels are 0 to 9", WHOLE_COPY)


def times(shape: tuple[int, ...]) -> str:
    """A shape as people write it: 60,000×28×28."""
    return "×".join(f"{size:,}" for size in shape) or "()"


def _check_counts(images: np.ndarray, labels: np.ndarray, source: str, part: str) -> None:
    if len(images) != len(labels):
        raise BadInput(
            f"{source}: {len(images):,} {part} images with {len(labels):,} labels",
            "each image has one label",
            WHOLE_COPY,
        )
