"""Trains softmax regressions with the oracle, to the end of some steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnist_repro.reproduction.oracle import Calculation, SoftmaxRegression


@dataclass(frozen=True, eq=False)
class Solution:
    """A finished training: kernel, float64 (784, 10), bias (10,), and the loss of every step (steps,)."""

    kernel: np.ndarray
    bias: np.ndarray
    losses: np.ndarray


def solve(chosen: Calculation, images: np.ndarray, labels: np.ndarray, seed: int, steps: int) -> Solution:
    """Train for ``steps`` steps; the other arguments are as in `SoftmaxRegression`."""
    regression = SoftmaxRegression(chosen, images, labels, seed)
    losses = np.array([regression.step() for _ in range(steps)], dtype=np.float64)
    return Solution(regression.kernel, regression.bias, losses)
