"""A digit as a PNG of some hundred bytes, for a page that carries its pictures in itself."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# 8 bits of grey, the only compression and filter methods there are, not interlaced.
_GREY = (8, 0, 0, 0, 0)


def as_png(image: np.ndarray) -> bytes:
    """The PNG of a digit, uint8 (28, 28). Source: the PNG specification, ISO/IEC 15948."""
    height, width = image.shape
    # Each row begins with its filter: none.
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = image
    header = struct.pack(">II5B", width, height, *_GREY)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def as_base64(image: np.ndarray) -> str:
    """The same in the letters that JSON and a data address have."""
    return base64.b64encode(as_png(image)).decode("ascii")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
