"""Reads mnist.npz, the way Keras keeps MNIST: a zip of four .npy arrays."""

from __future__ import annotations

import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Dict

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import WHOLE_COPY, check_promised, open_regular, read_promised

KEYS = ("x_train", "y_train", "x_test", "y_test")

_DAMAGE = (zipfile.BadZipFile, struct.error, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)


def read(path: Path) -> Dict[str, np.ndarray]:
    """The arrays with the names in `KEYS`, uint8, as Keras writes them.

    Raises:
        BadInput: the file is unreadable, not a zip or truncated, or an array is missing or not uint8.
    """
    with open_regular(path) as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                _check_keys(archive, path)
                return {key: _member(archive, key, path) for key in KEYS}
        except _DAMAGE as error:
            raise BadInput(
                f"{path} is truncated, damaged or no .npz at all",
                f"an .npz file is a zip of .npy arrays: {error}",
                WHOLE_COPY,
            ) from error


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


def _member(archive: zipfile.ZipFile, key: str, path: Path) -> np.ndarray:
    """One array. Not read by np.load, which allocates as much memory as a header demands."""
    with archive.open(f"{key}.npy") as stream:
        shape, fortran = _shape(stream, f"{key} in {path}")
        promised = math.prod(shape)
        content = read_promised(stream, promised)
    check_promised(content, promised, f"{key} in {path}")
    return np.frombuffer(content, np.uint8, count=promised).reshape(shape, order="F" if fortran else "C")


def _shape(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool]:
    """The shape, and whether the first index varies fastest. Refuses every type except uint8."""
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise BadInput(f"{where} is .npy of version {version}", "np.savez writes version (1, 0)", WHOLE_COPY)
    shape, fortran, kind = np.lib.format.read_array_header_1_0(stream)
    if kind.hasobject:
        raise BadInput(
            f"{where} holds Python objects (pickle)",
            "such a file can run any code when it is loaded, so it is refused; uint8 is expected",
            WHOLE_COPY,
        )
    if kind != np.uint8 or min(shape, default=0) < 0:
        raise BadInput(f"{where} holds {kind} of shape {shape}", "uint8 is expected", WHOLE_COPY)
    return shape, fortran
