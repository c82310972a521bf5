from __future__ import annotations

import pytest

from mnist_repro.recipes import find
from mnist_repro.report.groups import published_values


@pytest.mark.parametrize(
    ("recipe", "metric", "published"),
    [
        ("keras-cnn", "training_loss after 1 epoch", [0.2654]),
        ("keras-cnn", "training_loss after 2 epochs", []),
        ("vgg7-bn", "training_loss after 3 epochs", [0.034]),
        ("vgg7-bn", "training_loss after 10 epochs", [0.0035]),
        ("keras-cnn", "the weights", []),
    ],
)
def test_the_published_value_of_a_metric_is_found_by_its_name(recipe: str, metric: str, published: object) -> None:
    assert published == published_values(find(recipe), metric)
