"""Digits as picture files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from mnist_repro.training import framework, pictures
from tests.builders.refused import refused

DIGIT = np.arange(784, dtype=np.uint32).reshape(28, 28).astype(np.uint8)


def test_a_digit_comes_back_as_it_was_written(tmp_path: Path) -> None:
    pictures.write_png(tmp_path / "new" / "ä.png", DIGIT)

    assert (DIGIT == pictures.read_image(tmp_path / "new" / "ä.png")).all()


def test_colours_become_grey_and_what_is_transparent_is_not_looked_at(tmp_path: Path) -> None:
    coloured = np.zeros((28, 28, 4), np.uint8)
    coloured[:, :, :3] = (30, 60, 90)
    (tmp_path / "a.png").write_bytes(framework.tensorflow().image.encode_png(coloured).numpy())

    assert {60} == set(pictures.read_image(tmp_path / "a.png").ravel())


def cut(path: Path) -> None:
    pictures.write_png(path, DIGIT)
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "cannot read FILE: "),
        (Path.mkdir, "cannot read FILE: it is a folder"),
        (os.mkfifo, "cannot read FILE: it is a pipe, socket or device"),
        (Path.touch, "FILE is not a picture that can be read"),
        (lambda path: path.write_text("seven", encoding="utf-8"), "FILE is not a picture that can be read"),
        (lambda path: path.write_bytes(bytes(pictures.LARGEST_FILE + 1)), "FILE is not a picture that can be read"),
        (cut, "FILE is not a picture that can be read"),
        (lambda path: pictures.write_png(path, np.zeros((28, 30), np.uint8)), "FILE has 30×28 pixels"),
    ],
    ids=["missing", "folder", "pipe", "empty", "text", "too long", "cut", "too wide"],
)
def test_pictures_that_are_none(make: Callable[[Path], object], what: str, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    make(file)
    found = refused(lambda: pictures.read_image(file), FILE=file)

    assert what == found[0][: len(what)]
    # Not what TensorFlow calls its parts, and not what would help with MNIST.
    assert [] == [word for word in ("{{", "[Op:", "--data", "data fetch") if word in "".join(found)]
