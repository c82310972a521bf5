"""Opens untrusted HDF5 files: only plain groups, attributes and datasets in the file itself are accepted."""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import os
import shlex
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any, Iterator, Optional, Tuple

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import Expected, open_regular, unreadable

AGAIN = "copy it again, or train again: mnist-repro train RECIPE --out DIR"

_EXPECTED = Expected(
    "an HDF5 file", "name the file itself, such as DIR/param.hdf5", "make one: mnist-repro train RECIPE --out DIR"
)
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_KINDS = {b"PK\x03\x04": "a zip archive, as .npz files are", b"\x1f\x8b": "a gzip file"}

# Exceptions of h5py on damaged files: OSError, RuntimeError and KeyError for HDF5's own errors, and the others for
# impossible types, texts and sizes.
_DAMAGE = (OSError, RuntimeError, LookupError, TypeError, ValueError, ArithmeticError, MemoryError)

# HDF5's best compression, deflate, shrinks data by at most this factor. A dataset that stores less was never written,
# or is an attempt to fill the memory.
_MOST_COMPRESSED = 1100


@functools.lru_cache(maxsize=None)
def library() -> Any:
    """The module h5py, imported on first use, because its import takes as long as NumPy's."""
    with warnings.catch_warnings():
        # h5py 2.10 uses names that NumPy has since deprecated.
        warnings.simplefilter("ignore")
        import h5py
    return h5py


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The root group of an HDF5 file, for reading.

    HDF5 reads through a file that Python has opened, because HDF5 then needs no lock; shared file systems may
    refuse locks.

    Raises:
        BadInput: the file is missing, not a regular file, not readable, empty, not HDF5, truncated, or damaged.
    """
    with open_regular(path, _EXPECTED) as stream:
        start = _start(stream, path)
        try:
            with library().File(stream, "r") as root:
                yield root
        except _DAMAGE as error:
            raise _damaged(path, start, error) from error


def child(group: Any, name: str, path: Path) -> Any:
    """The object in ``group`` with this name (components separated by ``/``), or None. Links are refused.

    Raises:
        BadInput: the path contains a soft, external or user-defined link, or leads out of the group.
    """
    found = group
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise BadInput(f"{path} names {name!r} in {group.name}", "names lead down from group to group", AGAIN)
        if not isinstance(found, library().Group):
            return None
        link = found.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, library().HardLink):
            raise BadInput(
                f"{path}: {part!r} in {found.name} is a link ({type(link).__name__})",
                "weights are stored in the file itself; links to other places and files are not followed",
                AGAIN,
            )
        found = found[part]
    return found


def text(holder: Any, name: str) -> Optional[str]:
    """The attribute ``name`` of a group as text, or None. h5py may return it as bytes or as str."""
    if name not in holder.attrs:
        return None
    return _decoded(np.asarray(holder.attrs[name]).item())


def texts(holder: Any, name: str) -> Optional[Tuple[str, ...]]:
    """The attribute ``name`` of a group as a tuple of texts, or None."""
    if name not in holder.attrs:
        return None
    row = np.asarray(holder.attrs[name])
    if row.ndim != 1:
        raise ValueError(f"a row of names has {row.ndim} dimensions")
    return tuple(_decoded(item) for item in row.tolist())


def require_plain(dataset: Any, path: Path) -> None:
    """Refuse a dataset that is not float32 numbers stored in this file.

    Raises:
        BadInput: the numbers are in another file (external or virtual), have another type, or are fewer than declared.
    """
    where = f"{path}: {dataset.name}"
    if dataset.is_virtual or dataset.external:
        kind = "a virtual dataset" if dataset.is_virtual else "an external dataset"
        raise BadInput(f"{where} is {kind}, with its numbers in other files", "weights are stored in the file", AGAIN)
    if dataset.dtype.kind != "f" or dataset.dtype.itemsize != 4:
        raise BadInput(
            f"{where} is {dataset.dtype}",
            "float32 is expected; other types are not converted, because what was trained would change",
            "call keras.backend.set_floatx('float32') before the model is built, train it again, and save that one",
        )
    stored = int(dataset.id.get_storage_size())
    declared = math.prod(int(length) for length in dataset.shape)
    if declared * 4 > _MOST_COMPRESSED * stored:
        raise BadInput(
            f"{where} declares {declared:,} numbers and stores {stored:,} bytes", "its numbers are missing", AGAIN
        )


def shown(name: str) -> str:
    """A name from a file, for a message: shortened, and without control characters."""
    return repr(name if len(name) <= 60 else f"{name[:60]}…")


def _decoded(item: Any) -> str:
    if isinstance(item, bytes):
        return item.decode("utf-8")
    if isinstance(item, str):
        return item
    raise TypeError(f"{type(item).__name__} where text belongs")


def _start(stream: IO[bytes], path: Path) -> bytes:
    """The first bytes, where HDF5 has its signature; sets the stream back to its beginning."""
    try:
        start = stream.read(len(_SIGNATURE))
        stream.seek(0)
    except OSError as error:
        raise unreadable(path, error, _EXPECTED) from error
    return start


def _damaged(path: Path, start: bytes, error: BaseException) -> BadInput:
    """The message for a file that h5py cannot read."""
    size = path.stat().st_size
    if not start:
        return BadInput(f"{path} is empty: 0 bytes", "an HDF5 file is expected", AGAIN)
    if start != _SIGNATURE and not (size < len(_SIGNATURE) and _SIGNATURE.startswith(start)):
        if _is_keras_archive(path):
            return BadInput(f"{path} is a .keras archive", "an HDF5 file is expected", _as_hdf5(path))
        kind = next((kind for begins, kind in _KINDS.items() if start.startswith(begins)), f"it begins with {start!r}")
        return BadInput(
            f"{path} is not an HDF5 file: {kind}",
            f"HDF5 files begin with {_SIGNATURE!r}",
            f"{_EXPECTED.rather}; or {_EXPECTED.otherwise}",
        )
    return BadInput(f"{path} is truncated or damaged: {size:,} bytes", f"HDF5 stopped reading it: {error}", AGAIN)


def _is_keras_archive(path: Path) -> bool:
    """Whether a file is a whole model in the format of Keras 3, a zip archive."""
    try:
        with zipfile.ZipFile(str(path)) as archive:
            return {"config.json", "model.weights.h5"} <= set(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def _as_hdf5(path: Path) -> str:
    """The command that saves a .keras archive as a new HDF5 file, and looks at that."""
    names = itertools.chain([f"{path.stem}.h5"], (f"{path.stem}-{number}.h5" for number in itertools.count(2)))
    free = next(place for place in map(path.with_name, names) if not os.path.lexists(str(place)))
    old, new = (shlex.quote(str(place)) for place in (path, free))
    program = "import keras, sys; keras.models.load_model(sys.argv[1]).save(sys.argv[2])"
    return f"python -c '{program}' {old} {new} && mnist-repro predict {new}"
