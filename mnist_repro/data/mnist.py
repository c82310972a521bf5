"""Reads MNIST from a folder of IDX files or from mnist.npz, and says whether it is the real one."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

import numpy as np

from mnist_repro.data import idx, npz
from mnist_repro.data.dataset import Dataset, check_images, check_labels, recognise
from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import WHOLE_COPY, unreadable

NPZ = "mnist.npz"

# In the order of the digest: training images, training labels, test images, test labels.
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def read(place: Path) -> Dataset:
    """The dataset in a folder or .npz file, named by what its arrays hash to.

    Args:
        place: an .npz file as Keras keeps it, or a folder that has one or has the four IDX files, plain or .gz, with
            "-" or "." before "idx". IDX goes before .npz, plain before .gz.

    Raises:
        BadInput: nothing there, something missing or damaged, or other sizes than MNIST's.
    """
    try:
        folder = place.is_dir()
        if not folder and not place.exists():
            raise BadInput(f"there is no {place}", "a folder with MNIST or an .npz file is expected", WHOLE_COPY)
        path, files = _npz_or_idx(place) if folder else (place, [])
    except OSError as error:
        raise unreadable(place, error) from error
    if files:
        arrays = _read_idx(files)
    elif path.suffix == ".npz":
        arrays = _read_npz(path)
    else:
        raise BadInput(f"{path} is neither a folder nor an .npz file", "MNIST is read from either", WHOLE_COPY)
    _check_sizes(place, arrays)
    return recognise(str(place), *arrays)


def require_mnist(dataset: Dataset, who: str) -> Dataset:
    """``dataset`` itself if it is the real MNIST.

    Raises:
        BadInput: it is something else; ``who`` says what wanted MNIST.
    """
    if dataset.name == "mnist":
        return dataset
    raise BadInput(
        f"{dataset.source} is well-formed but not MNIST: its arrays hash to {dataset.sha256[:16]}…",
        f"{who} insists on the real MNIST",
        f"{WHOLE_COPY}; to use this data as it is, name its place with --data",
    )


def _npz_or_idx(folder: Path) -> Tuple[Path, List[Path]]:
    """What a folder offers: its .npz and no files, or its four IDX files."""
    found = [_spelling(folder, name) for name in IDX_FILES]
    files = [path for path in found if path is not None]
    if len(files) == len(IDX_FILES):
        return folder, files
    if (folder / NPZ).exists():
        return folder / NPZ, []
    missing = [name for name, path in zip(IDX_FILES, found) if path is None]
    what = f"{folder} lacks {', '.join(missing)}" if files else f"{folder} has no MNIST in it"
    expected = f"expected are {', '.join(IDX_FILES)} (plain or .gz), or {NPZ}"
    raise BadInput(what, expected, WHOLE_COPY)


def _spelling(folder: Path, name: str) -> Path | None:
    """The file of this name in one of its spellings; a folder of that name only if there is nothing better."""
    dotted = name.replace("-idx", ".idx")
    spellings = [folder / spelling for spelling in (name, dotted, f"{name}.gz", f"{dotted}.gz")]
    there = [path for path in spellings if path.exists()]
    files = [path for path in there if not path.is_dir()]
    return next(iter(files + there), None)


def _read_idx(files: List[Path]) -> List[np.ndarray]:
    """The four arrays, each checked under the name of its own file."""
    arrays = []
    for path, check in zip(files, (check_images, check_labels) * 2):
        array = idx.read(path)
        check(array, str(path))
        arrays.append(array)
    return arrays


def _read_npz(path: Path) -> List[np.ndarray]:
    """The four arrays in the order of the digest, each checked under its key."""
    found = npz.read(path)
    for key, check in zip(npz.KEYS, (check_images, check_labels) * 2):
        check(found[key], f"{key} in {path}")
    return [found[key] for key in npz.KEYS]


def _check_sizes(place: Path, arrays: List[np.ndarray]) -> None:
    """The recipes are written for MNIST's sizes."""
    for part, (images, labels), expected in (("training", arrays[:2], 60_000), ("test", arrays[2:], 10_000)):
        if not len(images) == len(labels) == expected:
            raise BadInput(
                f"{place}: {len(images):,} {part} images with {len(labels):,} labels",
                f"{expected:,} of both are expected",
                WHOLE_COPY,
            )
