"""What a trained model takes images for, in plain NumPy: the page is made where there is no TensorFlow."""

from __future__ import annotations

import math

import numpy as np

from mnist_repro.framework import Weights
from mnist_repro.recipes import Recipe
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, MaxPooling2D

_AT_ONCE = 100


def predicted(recipe: Recipe, weights: Weights, images: np.ndarray) -> np.ndarray:
    """The classes, shape (n,), that a model predicts for images, uint8 (n, 28, 28)."""
    batches = [images[start : start + _AT_ONCE] for start in range(0, len(images), _AT_ONCE)]
    classes = [_logits(recipe, weights, batch).argmax(axis=1) for batch in batches]
    return np.concatenate(classes) if classes else np.zeros(0, dtype=np.int64)


def _logits(recipe: Recipe, weights: Weights, images: np.ndarray) -> np.ndarray:
    """What goes into the softmax, or comes out of it: the largest is at the same place."""
    values = (images.astype(np.float32) / np.float32(255)).reshape((len(images), *recipe.input_shape))
    for layer, arrays in zip(recipe.layers, weights):
        values = _through(layer, arrays, values)
    return np.asarray(values)


def _through(layer: Layer, arrays: tuple[np.ndarray, ...], values: np.ndarray) -> np.ndarray:
    if isinstance(layer, Dense):
        return _activated(layer.activation, values @ arrays[0] + arrays[1])
    if isinstance(layer, Conv2D):
        return _activated(layer.activation, _convolved(layer, arrays[0], values) + arrays[1])
    if isinstance(layer, MaxPooling2D):
        return _pooled(layer, values)
    if isinstance(layer, BatchNormalization):
        gamma, beta, mean, variance = arrays
        return np.asarray((values - mean) / np.sqrt(variance + np.float32(layer.epsilon)) * gamma + beta)
    if isinstance(layer, Flatten):
        return values.reshape(len(values), -1)
    if isinstance(layer, Dropout):
        return values
    raise TypeError(f"no prediction through {type(layer).__name__}")


def _activated(activation: str, values: np.ndarray) -> np.ndarray:
    return np.maximum(values, np.float32(0)) if activation == "relu" else values


def _convolved(layer: Conv2D, kernel: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A sum over the window's places, each of them a product of matrices."""
    if layer.padding == "same":
        before = (layer.size - 1) // 2
        around = (before, layer.size - 1 - before)
        values = np.pad(values, ((0, 0), around, around, (0, 0)))
    height, width = (length - layer.size + 1 for length in values.shape[1:3])
    places = [(row, column) for row in range(layer.size) for column in range(layer.size)]
    total = np.zeros((len(values), height, width, layer.filters), dtype=np.float32)
    for row, column in places:
        total += values[:, row : row + height, column : column + width] @ kernel[row, column]
    return total


def _pooled(layer: MaxPooling2D, values: np.ndarray) -> np.ndarray:
    if layer.padding == "same":
        odd = [(0, length % 2) for length in values.shape[1:3]]
        values = np.pad(values, ((0, 0), *odd, (0, 0)), mode="constant", constant_values=-math.inf)
    images, height, width, channels = values.shape
    blocks = values[:, : height // 2 * 2, : width // 2 * 2].reshape(images, height // 2, 2, width // 2, 2, channels)
    return np.asarray(blocks.max(axis=(2, 4)))
