"""The text of learn.log, as the sources printed theirs."""

from __future__ import annotations

import math
from typing import List

import pytest

from mnist_repro.recipes import find
from mnist_repro.recipes.recipe import Scale
from mnist_repro.runs.log import Line, log_text


def test_a_line_per_epoch() -> None:
    recipe = find("wheel-softmax")
    lines = [
        Line(after=1, loss=0.55, accuracy=0.8625, test_loss=0.33333333, test_accuracy=0.9104),
        Line(after=20, loss=0.27, accuracy=0.925, test_loss=0.26975, test_accuracy=0.92774),
    ]

    assert (
        "Epoch 1/20 - loss: 0.5500 - accuracy: 0.8625 - val_loss: 0.3333 - val_accuracy: 0.9104\n"
        "Epoch 20/20 - loss: 0.2700 - accuracy: 0.9250 - val_loss: 0.2697 - val_accuracy: 0.9277\n"
    ) == log_text(recipe.full, lines)


def test_a_line_per_hundred_steps() -> None:
    recipe = find("tf-cnn")
    lines = [
        Line(after=0, batch_accuracy=0.17),
        Line(after=100, loss=1.0, accuracy=0.5, batch_accuracy=0.81),
        Line(after=2000, loss=0.125, accuracy=0.96, test_loss=0.0625, test_accuracy=0.9795),
    ]

    assert (
        "step 0 - training accuracy: 0.1700\n"
        "step 100 - loss: 1.0000 - accuracy: 0.5000 - training accuracy: 0.8100\n"
        "step 2000 - loss: 0.1250 - accuracy: 0.9600 - val_loss: 0.0625 - val_accuracy: 0.9795\n"
    ) == log_text(recipe.full, lines)


@pytest.mark.parametrize(
    ("scale", "lines", "text"),
    [
        # Of the epochs of the scale.
        (find("vgg7").subset, [Line(after=2, loss=2.302585)], "Epoch 2/5 - loss: 2.3026\n"),
        (
            *(find("wheel-softmax").full, [Line(after=1, loss=math.nan, test_loss=math.inf)]),
            "Epoch 1/20 - loss: nan - val_loss: inf\n",
        ),
        (find("wheel-softmax").full, [], ""),
    ],
)
def test_a_log_of_another_scale_without_numbers_or_lines(scale: Scale, lines: List[Line], text: str) -> None:
    assert text == log_text(scale, lines)
