"""Poisson's equation on the unit square, by finite differences and conjugate gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Solution(NamedTuple):
    """The solution in the inner points of the grid, and how it came about."""

    values: np.ndarray
    iterations: int
    residual: float


def grid(points: int) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates of the inner points."""
    inner = np.linspace(0.0, 1.0, points + 2)[1:-1]
    return tuple(np.meshgrid(inner, inner, indexing="ij"))


def laplacian(values: np.ndarray, step: float) -> np.ndarray:
    """The negative Laplacian by five points; zero on the boundary."""
    padded = np.pad(values, 1)
    neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return (4.0 * values - neighbours) / step**2


def solve(right: np.ndarray, tolerance: float = 1e-8) -> Solution:
    """Solve -Δu = right with u = 0 on the boundary."""
    step = 1.0 / (len(right) + 1)
    values = np.zeros_like(right)
    residual = right - laplacian(values, step)
    direction = residual.copy()
    square = float(np.sum(residual * residual))
    goal = tolerance**2 * square
    iterations = 0
    while square > goal:
        image = laplacian(direction, step)
        length = square / float(np.sum(direction * image))
        values += length * direction
        residual -= length * image
        before, square = square, float(np.sum(residual * residual))
        direction = residual + square / before * direction
        iterations += 1
    return Solution(values, iterations, square**0.5)
