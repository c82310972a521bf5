"""The ten digits as pen strokes: control points of integer splines, in a few forms per digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

# A form is one way of writing a digit, a tuple of strokes. A stroke is a row of "x,y" control points of a uniform
# quadratic B-spline in a box 60 wide and 80 high, y downwards; "!" makes a corner, a leading "o" closes the loop.
FORMS: Tuple[Tuple[Tuple[str, ...], ...], ...] = (
    (
        ("o 30,-3 6,6 0,40 6,74 30,83 54,74 60,40 54,6",),
        ("40,0 8,2 0,40 8,80 34,84 58,70 60,34 48,4 24,0",),
    ),
    (
        ("30,0 30,80",),
        ("14,20 32,0! 32,80",),
        ("14,18 32,0! 32,80", "12,80 50,80"),
    ),
    (
        ("4,18 12,-4 50,-4 58,24 40,46 4,80! 60,78",),
        ("4,14 20,-6 56,0 54,30 24,62 4,86 0,66 24,66 40,80 60,76",),
    ),
    (
        ("6,10 20,-4 56,-2 56,34 22,38! 60,40 62,78 26,86 2,70",),
        ("6,2 54,2! 28,32! 62,36 60,80 24,86 2,70",),
    ),
    (
        ("14,0 4,46! 58,46", "46,10 42,80"),
        ("44,80 44,0! 2,52! 60,52",),
    ),
    (
        ("54,2 12,2! 8,36! 34,24 62,42 56,80 20,86 2,70",),
        ("14,2 8,36! 36,26 62,44 54,80 20,86 2,72", "14,2 54,0"),
    ),
    (
        ("46,0 16,14 2,50 10,82 40,86 60,64 44,40 14,46 4,64",),
        ("30,0 8,40 4,72 30,88 56,72 44,48 16,54 8,70",),
    ),
    (
        ("2,4 58,4! 24,80",),
        ("2,4 58,4! 26,80", "18,42 50,40"),
        ("2,14 8,2! 56,4! 34,36 28,80",),
    ),
    (
        ("o 30,-4 8,2 8,34 30,40 52,34 52,2", "o 30,36 2,42 2,80 30,86 58,80 58,42"),
        ("52,10 32,-6 6,4 12,32 48,46 60,72 30,90 0,74 12,46 46,32 54,12",),
    ),
    (
        ("54,14 36,-6 4,4 4,42 36,46 54,12! 50,80",),
        ("52,12 34,-6 4,6 6,40 36,44 54,12! 56,60 40,86 8,78",),
    ),
)


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen.

    Args:
        points: control points (x, y), each listed once, so that a corner stays a corner when its point moves.
        order: indices into ``points`` in the order of the spline, ends and corners twice.
    """

    points: Tuple[Tuple[int, int], ...]
    order: Tuple[int, ...]


def stroke(text: str) -> Stroke:
    """Parse one stroke of `FORMS`."""
    words = text.split()
    closed = words[0] == "o"
    words = words[1:] if closed else words
    points = []
    order = []
    for index, word in enumerate(words):
        x, y = word.rstrip("!").split(",")
        points.append((int(x), int(y)))
        order += [index, index] if word.endswith("!") else [index]
    last = len(words) - 1
    return Stroke(tuple(points), tuple([*order, 0, 1] if closed else [0, *order, last]))
