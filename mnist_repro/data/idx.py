"""Reads IDX, the format of the MNIST files: a magic number, the dimensions, big-endian values.

Source: the description at the end of http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import math
import shlex
import struct
import zlib
from pathlib import Path
from typing import Tuple

import numpy as np

from mnist_repro.errors import BadInput
from mnist_repro.files.guarded import WHOLE_COPY, Readable, check_promised, open_regular, read_promised, unreadable

# NumPy types by the third byte of the magic number.
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
_GZIP = b"\x1f\x8b"


def read(path: Path) -> np.ndarray:
    """The array of an IDX file, in the machine's byte order. If the name ends in .gz, the file is gzip.

    Raises:
        BadInput: the file is unreadable, not gzip, truncated, not IDX, or has bytes after its end.
    """
    packed = path.suffix == ".gz"
    with open_regular(path) as raw:
        try:
            return _parse(gzip.GzipFile(fileobj=raw, mode="rb") if packed else raw, path)
        except (EOFError, zlib.error) as error:
            raise _damaged(path, error) from error
        except OSError as error:
            # gzip's own errors have no errno.
            if not packed or error.errno is not None:
                raise unreadable(path, error) from error
            raw.seek(0)
            raise (_damaged if raw.read(len(_GZIP)) == _GZIP else _not_gzip)(path, error) from error


def _parse(stream: Readable, path: Path) -> np.ndarray:
    """The array that an open IDX stream holds."""
    kind, shape = _header(stream, path)
    promised = math.prod(shape) * kind.itemsize
    content = read_promised(stream, promised)
    check_promised(content, promised, str(path))
    try:
        values = np.frombuffer(content, kind, count=math.prod(shape)).reshape(shape)
    except ValueError as error:
        found = f"{path} has the dimensions {'×'.join(str(size) for size in shape)}"
        raise BadInput(found, f"NumPy has no such array: {error}", WHOLE_COPY) from error
    return values.astype(kind.newbyteorder("="), copy=False)


def _header(stream: Readable, path: Path) -> Tuple[np.dtype, Tuple[int, ...]]:
    """The type and the dimensions in the header."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise BadInput(
            f"{path} is truncated: its length is {len(magic)}", "an IDX file begins with 4 bytes of magic", WHOLE_COPY
        )
    if magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise BadInput(
            f"{path} has the wrong magic number 0x{magic.hex()}",
            "an IDX file begins with 0x0000, its type (08, 09, 0b, 0c, 0d or 0e) and its number of dimensions",
            _of_gzip(path) if magic[:2] == _GZIP else WHOLE_COPY,
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        promise = f"its magic number promises {magic[3]} dimensions"
        raise BadInput(f"{path} is truncated: it ends within its header", promise, WHOLE_COPY)
    return np.dtype(">" + TYPES[magic[2]]), struct.unpack(f">{magic[3]}I", sizes)


def _of_gzip(path: Path) -> str:
    """What to do with a file that is gzip where IDX is expected; no other file may be lost by it."""
    if path.suffix == ".gz":
        return f"it was packed twice: type gunzip {shlex.quote(str(path))}, then the command again"
    packed = path.with_name(f"{path.name}.gz")
    if packed.exists():
        return f"it looks like gzip, and {packed.name} is there as well: move {path.name} out of {path.parent}"
    return f"it looks like gzip: rename it to {packed.name}"


def _damaged(path: Path, error: Exception) -> BadInput:
    return BadInput(
        f"{path} is truncated or damaged",
        f"it begins as gzip does, but what follows is not whole, or has other bytes behind it: {error}",
        WHOLE_COPY,
    )


def _not_gzip(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"{path} is not gzip",
        f"its name ends in .gz: {error}",
        f"if it was unpacked already, rename it to {path.stem}; otherwise {WHOLE_COPY}",
    )
