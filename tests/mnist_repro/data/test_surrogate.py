"""The drawn digits: the same bytes everywhere, hard enough, and kept in the cache."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np

from mnist_repro.data import surrogate
from mnist_repro.data.dataset import HASHES, Dataset, digest


def test_the_bytes_are_the_same_everywhere(drawn: Dataset) -> None:
    expected = "fd176cacd30df9ca86055cc8763701fb495050a3f92f79af7297a1c8c968e191"

    assert expected == digest(drawn.train_images, drawn.train_labels, drawn.test_images, drawn.test_labels)
    assert expected == HASHES["surrogate"]


def test_the_digits_are_evenly_spread_and_shuffled(drawn: Dataset) -> None:
    for labels in (drawn.train_labels, drawn.test_labels):
        shares = np.bincount(labels) / len(labels)
        repeats = np.mean(labels[1:] == labels[:-1])

        assert (10, True) == (len(shares), bool(np.all(abs(shares - 0.1) < 0.01)))
        assert 0.09 < repeats < 0.11


def test_no_image_comes_twice(drawn: Dataset) -> None:
    images = np.concatenate([drawn.train_images, drawn.test_images]).reshape(70_000, -1)

    assert 70_000 == len({image.tobytes() for image in images})


def test_softmax_regression_finds_it_neither_easy_nor_hopeless(drawn: Dataset) -> None:
    images = drawn.train_images[:20_000].reshape(20_000, -1).astype(np.float32) / 255
    wanted = np.eye(10, dtype=np.float32)[drawn.train_labels[:20_000]]
    weights = np.zeros((784, 10), np.float32)
    for _ in range(4):
        for first in range(0, 20_000, 100):
            batch = slice(first, first + 100)
            scores = np.exp(images[batch] @ weights)
            errors = scores / scores.sum(axis=1, keepdims=True) - wanted[batch]
            weights -= 0.002 * images[batch].T @ errors
    guesses = (drawn.test_images.reshape(10_000, -1).astype(np.float32) @ weights).argmax(axis=1)

    assert 0.88 < np.mean(guesses == drawn.test_labels) < 0.95


def test_the_drawing_has_no_float_in_it() -> None:
    tree = ast.parse(Path(surrogate.__file__).read_text(encoding="utf-8"))
    floats = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    divisions = [node for node in ast.walk(tree) if isinstance(node, ast.Div)]
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("np", "math")
    }
    exact = {"arange", "array", "ascontiguousarray", "empty", "minimum", "where", "zeros", "isqrt", "prod"}
    types = {"bool_", "int16", "int64", "uint8", "uint64", "ndarray"}

    assert ([], []) == (floats, divisions)
    # PCG64's raw words are promised never to change; the distributions of Generator are not.
    assert set() == used - exact - types - {"random", "PCG64"}
    assert "random_raw" in Path(surrogate.__file__).read_text(encoding="utf-8")
