"""Draws the surrogate: 70,000 digits in integer arithmetic, which are used if there is no MNIST.

The only random numbers are raw words of PCG64, because NumPy promises never to change their stream. Together with
integer arithmetic they give the same bytes on every machine and with every NumPy. Each digit is an affine and slightly
bent view of one of 1,280 pen skeletons, seen through its distance field, which gives the stroke its width and soft
edge.
"""

from __future__ import annotations

import math
from typing import Tuple

import numpy as np

from mnist_repro.data.glyphs import FORMS, stroke

COUNT = 70_000
SEED = 20190517
VARIANTS = 128  # skeletons per digit
CANVAS = 96  # side of a skeleton's canvas, three cells to the pixel
PIXEL = 64 * 3  # one pixel in the fixed-point unit of all positions: 1/64 of a cell
REACH = 8  # cells from the skeleton beyond which there is no ink
WIDTHS = 16
CHUNK = 250  # images drawn at once: they fit the processor's cache

# Found by trial, so that softmax regression ends near 0.92 while a small CNN finds it easy.
WOBBLE = 96  # of control points
ZOOM, SLANT, TILT, SHIFT, BEND = 44, 72, 36, 720, 2
BARS = 40  # number of images with a bar cut out, per 256 images
SPECKS = 3  # number of pixels lit by chance, per 256 pixels


def draw() -> Tuple[np.ndarray, np.ndarray]:
    """All digits, training images first: uint8 (70000, 28, 28), and their labels, uint8 (70000,)."""
    random = np.random.PCG64(SEED)
    field = _distances(_skeletons(random)).reshape(-1)
    ink = _ink().reshape(-1)
    labels = (random.random_raw(COUNT) % np.uint64(10)).astype(np.uint8)
    start = (labels.astype(np.int64) * VARIANTS + _bytes(random, COUNT) % VARIANTS) * (CANVAS * CANVAS)
    width = (_bytes(random, COUNT) % WIDTHS).astype(np.int64) * 256
    across, down = _views(_bell(random, COUNT, 8))
    keep_rows, keep_columns = _bars(_bytes(random, COUNT, 4))
    images = np.empty((COUNT, 28, 28), np.uint8)
    for first in range(0, COUNT, CHUNK):
        part = slice(first, first + CHUNK)
        cells = _cells(across[0][part], across[1][part]).astype(np.int64)
        cells += _cells(down[0][part], down[1][part]).astype(np.int64) * CANVAS
        cells += start[part, None, None]
        image = ink[field[cells] + width[part, None, None]]
        image &= keep_rows[part, :, None] & keep_columns[part, None, :]
        image |= (_bytes(random, len(image), 28, 28) < SPECKS) * np.uint8(186)
        images[part] = image
    return images, labels


def _bytes(random: np.random.PCG64, *shape: int) -> np.ndarray:
    """Uniform random bytes, uint8 of ``shape``; little-endian on every machine."""
    count = math.prod(shape)
    words = random.random_raw(-(-count // 8)).astype("<u8")
    uniform: np.ndarray = words.view(np.uint8)[:count].reshape(shape)
    return uniform


def _bell(random: np.random.PCG64, *shape: int) -> np.ndarray:
    """Bell-shaped random numbers, int64 of ``shape`` in -510..510 with standard deviation 148."""
    total: np.ndarray = _bytes(random, *shape, 4).sum(axis=-1, dtype=np.int64)
    return total - 510


def _skeletons(random: np.random.PCG64) -> np.ndarray:
    """The skeletons of every variant of every digit, one cell thin: bool (1280, 96, 96)."""
    canvas = np.zeros((10 * VARIANTS, CANVAS, CANVAS), np.bool_)
    for digit, forms in enumerate(FORMS):
        for number, form in enumerate(forms):
            mine = np.arange(digit * VARIANTS + number, (digit + 1) * VARIANTS, len(forms))
            for text in form:
                x, y = _spline(text, random, len(mine))
                canvas[mine[:, None], y, x] = True
    return canvas


def _spline(text: str, random: np.random.PCG64, variants: int, steps: int = 40) -> Tuple[np.ndarray, np.ndarray]:
    """The cells (x, y) that one stroke passes through, each int64 (variants, spans x steps).

    Chance moves the control points of the stroke a little.
    """
    pen = stroke(text)
    # 80 units of the glyph's box are 60 cells, 20 pixels.
    points = np.array(pen.points, np.int64) * 48 + _bell(random, variants, len(pen.points), 2) * WOBBLE // 64
    points = points[:, np.array(pen.order)]
    t = np.arange(steps, dtype=np.int64)[:, None]
    weights = (steps - t) ** 2, steps**2 + 2 * t * (steps - t), t**2
    spans = zip(weights, (points[:, :-2], points[:, 1:-1], points[:, 2:]))
    path = sum(weight * at[:, :, None, :] for weight, at in spans) // (2 * steps**2)
    cells = path.reshape(variants, -1, 2) // 64 + np.array([CANVAS // 2 - 22, CANVAS // 2 - 30])
    cells = cells.clip(0, CANVAS - 1)
    return cells[..., 0], cells[..., 1]


def _distances(skeletons: np.ndarray) -> np.ndarray:
    """Squared distance of each cell to the nearest cell of its skeleton, uint8, cut off beyond `REACH`."""
    far = np.uint8(REACH**2 + 1)
    field = np.where(skeletons, np.uint8(0), far)
    for axis in (2, 1):
        near = field.swapaxes(1, axis)
        best = near.copy()
        for gap in range(1, REACH + 1):
            moved = near + np.uint8(gap * gap)
            np.minimum(best[:, gap:], moved[:, :-gap], out=best[:, gap:])
            np.minimum(best[:, :-gap], moved[:, gap:], out=best[:, :-gap])
        field = np.minimum(best, far).swapaxes(1, axis)
    return np.ascontiguousarray(field)


def _ink() -> np.ndarray:
    """Brightness for each stroke width and squared distance, uint8 (16, 256): the edge is one pixel wide."""
    table = np.zeros((WIDTHS, 256), np.uint8)
    for width in range(WIDTHS):
        half = 24 + 4 * width  # in sixteenths of a cell
        for squared in range(REACH**2 + 1):
            distance = math.isqrt(squared * 256)
            table[width, squared] = min(255, max(0, (half + 24 - distance) * 255 // 48))
    return table


def _views(chance: np.ndarray) -> Tuple[Tuple[np.ndarray, np.ndarray], Tuple[np.ndarray, np.ndarray]]:
    """The skeleton position that each pixel sees, as the sum of a part per row and a part per column of the image.

    Args:
        chance: int64 (count, 8), see `_bell`.

    Returns:
        (rows, columns) of the position across, then of the position down: int16 (count, 28) each, in 1/64 cell.
    """
    zoom_x, zoom_y, slant, tilt, shift_x, shift_y, bend_x, bend_y = chance.T[:, :, None]
    at = np.arange(-27, 28, 2, dtype=np.int64)  # half pixels from the middle
    bow = at * at - 243
    middle = CANVAS * 32
    across_rows = at * (slant * SLANT // 510) + (bow * bend_x * BEND >> 9)
    across_columns = middle + at * (PIXEL // 2 + zoom_x * ZOOM // 510) + shift_x * SHIFT // 510
    down_rows = middle + at * (PIXEL // 2 + zoom_y * ZOOM // 510) + shift_y * SHIFT // 510
    down_columns = at * (tilt * TILT // 510) + (bow * bend_y * BEND >> 9)
    across = across_rows.astype(np.int16), across_columns.astype(np.int16)
    down = down_rows.astype(np.int16), down_columns.astype(np.int16)
    return across, down


def _cells(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The cell of the canvas, along one axis, that each pixel of each image sees: int16 (count, 28, 28)."""
    cells: np.ndarray = (rows[:, :, None] + columns[:, None, :]) >> 6
    return cells.clip(0, CANVAS - 1)


def _bars(chance: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Which rows and which columns of each image stay (255) or are cut out (0): uint8 (count, 28) each."""
    drawn, where, wide, lying = chance.T[:, :, None]
    first = where % 20 + 3
    at = np.arange(28, dtype=np.uint8)
    cut = (drawn < BARS) & (at >= first) & (at < first + wide % 4 + 2)
    lies = lying < 128
    return np.where(cut & lies, np.uint8(0), np.uint8(255)), np.where(cut & ~lies, np.uint8(0), np.uint8(255))
