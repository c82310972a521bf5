"""Reads mnist.npz, the way Keras keeps MNIST: a zip of four .npy arrays."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Dict

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import WHOLE_COPY, open_regular

KEYS = ("x_train", "y_train", "x_test", "y_test")

# The errors of zip files, and of arrays: a header that demands more memory than there is gives a MemoryError.
_OF_ZIP = (zipfile.BadZipFile, struct.error, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)
_DAMAGE = (*_OF_ZIP, ValueError, TypeError, MemoryError)


def read(path: Path) -> Dict[str, np.ndarray]:
    """The arrays with the names in `KEYS`. Python objects, which could run code, are refused.

    Raises:
        BadInput: the file is unreadable, not a zip or truncated, or an array is missing or has objects.
    """
    with open_regular(path) as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                _check_keys(archive, path)
                return {key: _member(archive, key) for key in KEYS}
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
