from __future__ import annotations

import struct
import zlib
from typing import Dict

import numpy as np

from mnist_repro.report.digit_png import as_png


def test_a_digit_is_a_png_that_holds_its_pixels() -> None:
    image = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)

    png = as_png(image)

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks = _chunks(png)
    assert struct.unpack(">IIBB", chunks[b"IHDR"][:10]) == (28, 28, 8, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(28, 29)
    np.testing.assert_array_equal(rows[:, 1:], image)
    assert not rows[:, 0].any()


def _chunks(png: bytes) -> Dict[bytes, bytes]:
    chunks, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        body = png[place + 4 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length]) == (zlib.crc32(body),)
        chunks[body[:4]] = body[4:]
        place += 12 + length
    return chunks
