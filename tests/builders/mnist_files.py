"""Makes folders and files like MNIST's, cheaply: black images, sparse on the disk or packed into 60 kB."""

from __future__ import annotations

import functools
import gzip
import os
import struct
import zipfile
from pathlib import Path
from typing import Dict, Tuple

import numpy as np
import pytest

from mnist_repro.data import idx, locate
from mnist_repro.data.dataset import Dataset, digest
from mnist_repro.data.mnist import IDX_FILES, KEYS

SHAPES: Tuple[Tuple[int, ...], ...] = ((60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,))


def black() -> Dict[str, np.ndarray]:
    """Black images, all labelled 0, under the keys of mnist.npz."""
    return {key: np.zeros(shape, np.uint8) for key, shape in zip(KEYS, SHAPES)}


@functools.lru_cache(maxsize=None)
def black_digest() -> str:
    return digest(*black().values())


def write_folder(folder: Path) -> Path:
    """Black MNIST as four plain IDX files, holes but for their headers."""
    for name, shape in zip(IDX_FILES, SHAPES):
        write_zeros(folder / name, shape)
    return folder


def write_npz(path: Path, *arrays: np.ndarray) -> Path:
    """Arrays as Keras keeps them: training images and labels, test images and labels."""
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for key, array in zip(KEYS, arrays):
            with packed.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    return path


def arrays_of(dataset: Dataset) -> Tuple[np.ndarray, ...]:
    return dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels


def write_zeros(path: Path, shape: Tuple[int, ...]) -> None:
    """An IDX file of zeros."""
    with path.open("wb") as file:
        file.write(struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape))
        file.truncate(file.tell() + int(np.prod(shape)))


def write_idx(path: Path, array: np.ndarray) -> None:
    """An array as IDX, compressed if the name ends in .gz."""
    codes = {np.dtype(name): code for code, name in idx.TYPES.items()}
    head = struct.pack(f">HBB{array.ndim}I", 0, codes[array.dtype.newbyteorder("=")], array.ndim, *array.shape)
    content = head + array.astype(array.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the search find nothing of this machine: caches in ``folder``, no variable, no network."""
    for name in ("MNIST_REPRO_DATA", "MNIST_REPRO_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    monkeypatch.setenv("MNIST_REPRO_CACHE", str(folder / "cache"))
    monkeypatch.setenv("MNIST_REPRO_OFFLINE", "1")


def surrogate_cache(factory: pytest.TempPathFactory) -> Path:
    """A cache folder that has the surrogate in it, drawn once for all tests of this process."""
    folder = factory.getbasetemp() / "surrogate-cache"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("MNIST_REPRO_CACHE", str(folder))
        locate.surrogate_dataset()
    return folder


def find_real_mnist() -> Dataset:
    """The real MNIST of this machine, where MNIST_REPRO_DATA or a cache has it; skips the test elsewhere."""
    named = os.environ.get("MNIST_REPRO_DATA")
    places = [Path(named)] if named else [place for _, place in locate.unnamed_places()]
    for place in places:
        dataset = locate.look("", place).dataset
        if dataset:
            return dataset
    pytest.skip("needs the real MNIST: set MNIST_REPRO_DATA to its folder")
