"""A fingerprint is of the code that trains, feeds, saves and scores, on data of any kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.execution import fingerprint
from mnist_repro.execution.fingerprint import Value, given_weights, short_scale, take
from mnist_repro.recipes import RECIPES, Recipe, find
from mnist_repro.recipes.layers import lay_out
from mnist_repro.recipes.recipe import Epochs, Scale, Steps
from mnist_repro.training import train as training
from mnist_repro.training.seeds import epoch_order

# Two epochs of three steps, the last of 44 images.
SMALL = replace(find("wheel-softmax"), full=Scale(300, 0, 200, Epochs(2), scored_after=(2,)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wheel-softmax", Scale(8 * 128 + 64, 0, 500, Steps(19, report_every=9), scored_after=(9, 19))),
        ("vgg7", Scale(512 + 256, 0, 500, Steps(5, report_every=2), scored_after=(2, 5))),
    ],
)
def test_the_short_training_has_two_epochs_with_a_batch_that_is_not_full_and_a_step_more(
    name: str, expected: Scale
) -> None:
    assert expected == short_scale(find(name))


@pytest.mark.parametrize("name", RECIPES)
def test_given_weights_are_always_the_same_and_fit_the_recipe(name: str) -> None:
    recipe = find(name)
    first, again = given_weights(recipe), given_weights(recipe)

    assert [[weight.shape for weight in spec.weights] for spec in lay_out(recipe.layers, recipe.input_shape)] == [
        [array.shape for array in layer] for layer in first
    ]
    assert [[array.tobytes() for array in layer] for layer in first] == [
        [array.tobytes() for array in layer] for layer in again
    ]
    # Nothing is left as it starts in training, where moving variances are one and biases are zero.
    assert all(len(np.unique(array)) > 1 for layer in first for array in layer)


def walked(recipe: Recipe, dataset: Dataset) -> Dict[str, Value]:
    return dict(fingerprint.walk(recipe, dataset))


def test_all_that_a_training_is_fed_is_counted(dataset: Dataset) -> None:
    found = walked(SMALL, dataset)

    assert (6, 600, 44) == tuple(
        found[name]
        for name in ("steps of the whole budget", "images fed in the whole budget", "images in the last batch")
    )


def test_other_pixels_labels_or_orders_change_a_checksum(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = dataset.train_images.copy(), dataset.train_labels.copy()
    images[299, 14, 14] ^= 1
    labels[299] = (labels[299] + 1) % 10
    before = walked(SMALL, dataset)

    def changed(after: Dict[str, Value]) -> List[str]:
        return [name for name in before if before[name] != after[name]]

    assert ["checksum of the images fed"] == changed(walked(SMALL, replace(dataset, train_images=images)))
    assert ["checksum of the labels fed"] == changed(walked(SMALL, replace(dataset, train_labels=labels)))
    # Two batches in turn, each with the same images as before.
    order = epoch_order("wheel-softmax", 0, 0, 300)
    turned = np.concatenate([order[128:256], order[:128], order[256:]])
    monkeypatch.setattr(training, "epoch_order", lambda *arguments: order)
    before = walked(SMALL, dataset)
    monkeypatch.setattr(training, "epoch_order", lambda *arguments: turned)
    assert ["checksum of the labels fed", "checksum of the images fed"] == changed(walked(SMALL, dataset))


def test_counts_are_exact_and_losses_are_not(dataset: Dataset) -> None:
    taken = take(SMALL, dataset, "original")

    assert {int} == {type(value) for value in taken.exact.values()}
    assert {float} == {type(value) for value in taken.losses.values()}
    assert ["loss of step 1", "loss of step 19"] == [
        name for name in taken.losses if name in ("loss of step 1", "loss of step 19", "loss of step 20")
    ]
    assert 200 == taken.exact["test images scored"]
