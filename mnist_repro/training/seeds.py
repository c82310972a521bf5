"""Initial weights and batch orders from (recipe, seed): equal with every framework, NumPy and machine.

All numbers come from the raw 64-bit stream of PCG64, which NumPy guarantees never to change, through operations that
are exact in IEEE arithmetic. NumPy gives no such guarantee for `Generator`'s own distributions.
"""

from __future__ import annotations

import hashlib
from typing import Tuple

import numpy as np

from mnist_repro.recipes.layers import Constant, GlorotUniform, LayerSpec, TruncatedNormal, WeightSpec


class Stream:
    """A stream of random numbers that belongs to one purpose of one run.

    Args:
        recipe: name of the recipe.
        seed: seed of the run, 0 or more.
        purpose: purpose of the numbers; streams of different purposes are independent.
    """

    def __init__(self, recipe: str, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{recipe}\n{seed}\n{purpose}".encode()).digest()
        entropy = np.frombuffer(digest, dtype="<u4").astype(np.uint32)
        self._generator = np.random.PCG64(np.random.SeedSequence([int(word) for word in entropy]))

    def raw(self, count: int) -> np.ndarray:
        """The next ``count`` numbers, uint64, shape (count,)."""
        return np.asarray(self._generator.random_raw(count), dtype=np.uint64)

    def uniform(self, count: int) -> np.ndarray:
        """Multiples of 2**-24 in [0, 1), float64, shape (count,): exact in float32 as well."""
        return np.asarray((self.raw(count) >> np.uint64(40)).astype(np.float64) / 2.0**24)

    def permutation(self, count: int) -> np.ndarray:
        """0 … count - 1 in random order, int32, shape (count,)."""
        return np.argsort(self.raw(count), kind="stable").astype(np.int32)

    def truncated_normal(self, count: int) -> np.ndarray:
        """Standard normal numbers within ±2, float64, shape (count,).

        Drawn by rejection from a grid: `exp` only decides which points are kept. So its last bit, in which NumPy
        versions differ, is not in the numbers.
        """
        kept = np.empty(0)
        while len(kept) < count:
            wanted = int((count - len(kept)) * 1.8) + 16
            candidates = self.uniform(wanted) * 4.0 - 2.0
            accepted = self.uniform(wanted) < np.exp(-candidates * candidates / 2.0)
            kept = np.concatenate([kept, candidates[accepted]])
        return kept[:count]


def initial_weights(recipe: str, layers: Tuple[LayerSpec, ...], seed: int) -> Tuple[Tuple[np.ndarray, ...], ...]:
    """The initial weights of a run, layer by layer in the order of ``layers``, float32."""
    return tuple(tuple(_initial(recipe, weight, seed) for weight in layer.weights) for layer in layers)


def epoch_order(recipe: str, seed: int, epoch: int, images: int) -> np.ndarray:
    """The order in which an epoch (counted from 0) takes its images: int32, each of 0 … images - 1 once."""
    return Stream(recipe, seed, f"order of epoch {epoch}").permutation(images)


def dropout_seed(recipe: str, seed: int, layer: str) -> int:
    """The seed of a dropout layer, below 2**31; the framework makes the masks, which differ between its versions."""
    return int(Stream(recipe, seed, f"dropout {layer}").raw(1)[0] >> np.uint64(33))


def _initial(recipe: str, weight: WeightSpec, seed: int) -> np.ndarray:
    count = int(np.prod(weight.shape))
    rule = weight.initializer
    if isinstance(rule, Constant):
        return np.full(weight.shape, rule.value, dtype=np.float32)
    stream = Stream(recipe, seed, f"initial {weight.name}")
    if isinstance(rule, GlorotUniform):
        limit = np.sqrt(6.0 / sum(weight.fan))
        values = (stream.uniform(count) * 2.0 - 1.0) * limit
    else:
        assert isinstance(rule, TruncatedNormal)  # noqa: S101 - the last of the initialisers, for the type checker
        values = stream.truncated_normal(count) * rule.standard_deviation
    return np.asarray(values.reshape(weight.shape), dtype=np.float32)
