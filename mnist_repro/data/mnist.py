"""Reads MNIST from a folder of IDX files or from mnist.npz, and checks whether it is the real MNIST.

mnist.npz is how Keras keeps it: a zip of four .npy arrays.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import List, Tuple

import numpy as np

from mnist_repro.data import idx
from mnist_repro.data.dataset import Dataset, check_images, check_labels, recognise
from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import WHOLE_COPY, open_regular, unreadable

NPZ = "mnist.npz"

# In the order of `mnist_repro.data.dataset.digest`: training images, training labels, test images, test labels.
IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
# The names of the same arrays in mnist.npz.
KEYS = ("x_train", "y_train", "x_test", "y_test")

# The errors of zip files, and of arrays: a header that demands more memory than there is gives a MemoryError.
_OF_ZIP = (zipfile.BadZipFile, struct.error, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)
_DAMAGE = (*_OF_ZIP, ValueError, TypeError, MemoryError)


def read(place: Path) -> Dataset:
    """The dataset in a folder or .npz file; the hash of its arrays decides its name.

    Args:
        place: an .npz file as Keras keeps it, or a folder with such a file or with the four IDX files, plain or .gz,
            with "-" or "." before "idx". IDX is preferred to .npz, and plain to .gz.

    Raises:
        BadInput: the place does not exist, a file is missing or damaged, or the sizes are not MNIST's.
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
        arrays = read_npz(path)
        for key, array, check in zip(KEYS, arrays, (check_images, check_labels) * 2):
            check(array, f"{key} in {path}")
    else:
        raise BadInput(f"{path} is neither a folder nor an .npz file", "MNIST is read from either", WHOLE_COPY)
    _check_sizes(place, arrays)
    return recognise(str(place), *arrays)


def require_mnist(dataset: Dataset, who: str) -> Dataset:
    """Return ``dataset`` if it is the real MNIST.

    Raises:
        BadInput: it is other data; the message names ``who``, which demands MNIST.
    """
    if dataset.name == "mnist":
        return dataset
    raise BadInput(
        f"{dataset.source} is well-formed but not MNIST: its arrays hash to {dataset.sha256[:16]}…",
        f"{who} asks for the real MNIST",
        f"{WHOLE_COPY}; to use this data as it is, name its place with --data",
    )


def _npz_or_idx(folder: Path) -> Tuple[Path, List[Path]]:
    """The files to read in a folder: (the .npz, no files), or (the folder, its four IDX files)."""
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
    """The file with this name in any spelling; a folder with such a name only if there is no file."""
    dotted = name.replace("-idx", ".idx")
    spellings = [folder / spelling for spelling in (name, dotted, f"{name}.gz", f"{dotted}.gz")]
    there = [path for path in spellings if path.exists()]
    files = [path for path in there if not path.is_dir()]
    return next(iter(files + there), None)


def _read_idx(files: List[Path]) -> List[np.ndarray]:
    """The four arrays. The message for a wrong array names its file."""
    arrays = []
    for path, check in zip(files, (check_images, check_labels) * 2):
        array = idx.read(path)
        check(array, str(path))
        arrays.append(array)
    return arrays


def _check_sizes(place: Path, arrays: List[np.ndarray]) -> None:
    """Refuse data without MNIST's numbers of images: the recipes need them."""
    for part, (images, labels), expected in (("training", arrays[:2], 60_000), ("test", arrays[2:], 10_000)):
        if not len(images) == len(labels) == expected:
            raise BadInput(
                f"{place}: {len(images):,} {part} images with {len(labels):,} labels",
                f"{expected:,} of both are expected",
                WHOLE_COPY,
            )


def read_npz(path: Path) -> List[np.ndarray]:
    """The arrays with the names in `KEYS`. Python objects, which could run code, are refused.

    Raises:
        BadInput: the file is unreadable, not a zip or truncated, or an array is missing or has objects.
    """
    with open_regular(path) as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                _check_keys(archive, path)
                return [_member(archive, key) for key in KEYS]
        except _DAMAGE as error:
            raise BadInput(
                f"{path} is truncated, damaged or no .npz at all",
                f"an .npz file is a zip of .npy arrays: {error}",
                WHOLE_COPY,
            ) from error


def _member(archive: zipfile.ZipFile, key: str) -> np.ndarray:
    with archive.open(f"{key}.npy") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _check_keys(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that lacks an array, and name the missing arrays."""
    found = [name[: -len(".npy")] for name in archive.namelist() if name.endswith(".npy")]
    missing = [key for key in KEYS if key not in found]
    if missing:
        raise BadInput(
            f"{path} is an .npz without {', '.join(missing)}: it has {', '.join(found) or 'no arrays'}",
            f"Keras' mnist.npz has {', '.join(KEYS)}",
            WHOLE_COPY,
        )
