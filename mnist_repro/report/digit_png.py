"""Encodes a digit as a PNG of some hundred bytes, for pictures inside the page."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# 8 bits of grey, the only compression and filter methods that PNG has, not interlaced.
_GREY = (8, 0, 0, 0, 0)


def as_png(image: np.ndarray) -> bytes:
    """The PNG of a digit, uint8 (28, 28). Source: the PNG specification, ISO/IEC 15948."""
    height, width = image.shape
    # Each row begins with its filter type: 0, no filter.
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    rows[:, 1:] = image
    header = struct.pack(">II5B", width, height, *_GREY)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def as_base64(image: np.ndarray) -> str:
    """The PNG of a digit in base64, for JSON and data URLs."""
    return base64.b64encode(as_png(image)).decode("ascii")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
