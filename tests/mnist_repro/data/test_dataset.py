"""A dataset is what the hash of its arrays says, and its arrays are what every recipe counts on."""

from __future__ import annotations

from typing import Callable

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset, check_images, check_labels, describe, recognise
from mnist_repro.errors import BadInput


def test_one_changed_pixel_is_no_longer_mnist(real: Dataset) -> None:
    images = real.train_images.copy()
    images[59_999, 27, 27] ^= 1
    changed = recognise("here", images, real.train_labels, real.test_images, real.test_labels)

    assert "unrecognised" == changed.name


def test_arrays_are_read_only_and_the_callers_own_stay_writable() -> None:
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    dataset = recognise("here", images, labels, images, labels)

    with pytest.raises(ValueError, match="read-only"):
        dataset.train_images[0, 0, 0] = 1
    images[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("check", "array", "what"),
    [
        (check_images, np.zeros((2, 28, 28), np.float32), "HERE: images of 28×28 pixels, float32"),
        (check_images, np.zeros((2, 27, 28), np.uint8), "HERE: images of 27×28 pixels, uint8"),
        (check_images, np.zeros((2, 784), np.uint8), "HERE: uint8 of shape 2×784"),
        (check_images, np.zeros(2, np.uint8), "HERE: uint8 of shape 2, which looks like labels"),
        (check_images, np.zeros((), np.uint8), "HERE: uint8 of shape ()"),
        (check_labels, np.zeros((2, 28, 28), np.uint8), "HERE: uint8 of shape 2×28×28, which looks like images"),
        (check_labels, np.zeros(2, np.int64), "HERE: int64 of shape 2"),
        (check_labels, np.array([3, 9, 10, 11], np.uint8), "HERE: label 10 at index 2"),
    ],
)
def test_arrays_that_are_no_images_or_labels(
    check: Callable[[np.ndarray, str], None], array: np.ndarray, what: str
) -> None:
    with pytest.raises(BadInput) as caught:
        check(array, "HERE")

    assert what == caught.value.what


def test_each_image_has_one_label() -> None:
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8)
    with pytest.raises(BadInput) as caught:
        recognise("here", images, labels, images, labels[:2])

    assert "here: 2 training images with 3 labels" == caught.value.what


def test_no_dataset_has_a_name_of_its_own() -> None:
    images, labels = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)
    with pytest.raises(ValueError, match="a dataset is one of mnist, surrogate, unrecognised, not 'fashion'"):
        Dataset("fashion", "here", "0123", images, labels, images, labels)


def test_a_dataset_describes_itself_in_a_line_that_cannot_control_a_terminal() -> None:
    images, labels = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)

    assert r"data: UNRECOGNISED images, not MNIST (1 + 1 images) from a\nb" == describe(
        recognise("a\nb", images, labels, images, labels)
    )
