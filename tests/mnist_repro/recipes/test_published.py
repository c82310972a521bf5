"""Every figure that a source printed, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import pytest

from mnist_repro.recipes import find
from mnist_repro.recipes.published import Figure, published_errors, published_figures


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wheel-softmax", [Figure(20, "loss", 0.27075190788507464), Figure(20, "accuracy", 0.927)]),
        ("keras-cnn", [Figure(1, "loss", 0.059171129403682424), Figure(1, "accuracy", 0.9812)]),
        ("tf-softmax", [Figure(1000, "accuracy", 0.915), Figure(1000, "accuracy", 0.9163)]),
        ("tf-cnn", [Figure(2000, "accuracy", 0.9795)]),
        (
            "vgg7-bn",
            [
                Figure(3, "loss", 0.051704482543468475),
                Figure(3, "accuracy", 0.9844999995231628),
                Figure(10, "loss", 0.034382903814315795),
                Figure(10, "accuracy", 0.9893999994277954),
            ],
        ),
    ],
)
def test_every_printed_figure_is_compared(name: str, expected: Sequence[Figure]) -> None:
    assert expected == list(published_figures(find(name)))


def test_the_table_of_errors_is_the_last_that_was_printed_with_one() -> None:
    recipe = find("vgg7-bn")
    first, last, without = (replace(recipe.published[0], errors_per_label=table) for table in ({0: 1}, {0: 2}, {}))

    assert last == published_errors(replace(recipe, published=(first, last, without)))
    assert published_errors(replace(recipe, published=(without,))) is None
