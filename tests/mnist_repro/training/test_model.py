"""Batches, losses and steps of one model in training."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import find
from mnist_repro.recipes.optimizers import GradientDescent
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.training import framework
from mnist_repro.training.model import Feed, Training, count_right, make_feed, mean_cross_entropy, stepper

IMAGES = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)
ORDER = np.array([4, 0, 3, 1, 2], np.int32)


def feed() -> Feed:
    return Feed(IMAGES, LABELS, (784,), batch_size=2)


def test_a_batch_has_the_next_images_of_the_order_and_the_last_what_is_left() -> None:
    first, last = feed().batch(ORDER, 0), feed().batch(ORDER, 2)

    assert ((2, 784), [5, 3]) == (tuple(first[0].shape), first[1].numpy().tolist())
    assert [4 / 255, 0.0] == pytest.approx(first[0].numpy()[:, 0].tolist())
    assert ((1, 784), [4]) == (tuple(last[0].shape), last[1].numpy().tolist())


def test_steps_run_one_after_another_from_the_one_that_is_named() -> None:
    tf = framework.tensorflow()
    run = stepper(feed(), lambda images, labels: (tf.size(labels), tf.reduce_sum(labels)), (tf.int32, tf.int32))

    assert [[2, 2, 1], [8, 2, 4]] == [row.tolist() for row in run(ORDER, 0, 3)]
    assert [[1], [4]] == [row.tolist() for row in run(ORDER, 2, 1)]


def test_the_held_out_images_are_not_trained_on() -> None:
    dataset = Dataset("unrecognised", "here", "", IMAGES, LABELS, IMAGES, LABELS)
    recipe = replace(find("tf-softmax"), validation_images=2)
    chosen = make_feed(recipe, dataset, Scale(2, 2, 1, Epochs(1), (1,)))

    assert [4, 1] == chosen.batch(np.array([0, 1], np.int32), 0)[1].numpy().tolist()


def test_losses_are_in_nats_and_the_largest_logit_is_the_prediction() -> None:
    logits = np.zeros((3, 10), np.float32)
    logits[0, 3] = logits[1, 2] = 1.0
    labels = np.array([3, 1, 0], np.int32)
    log_total = math.log(math.e + 9.0)

    assert (2.0 * log_total - 1.0 + math.log(10.0)) / 3.0 == pytest.approx(
        float(mean_cross_entropy(logits, labels)), rel=1e-6
    )
    # Of equal logits, the first counts.
    assert 2 == int(count_right(logits, labels))


def test_a_step_returns_what_was_before_it_and_moves_the_weights() -> None:
    recipe = replace(find("tf-softmax"), optimizer=GradientDescent(0.5))
    training = Training(recipe, 0, True, Feed(IMAGES + np.uint8(100), LABELS, (784,), batch_size=5))
    losses, rights = training.run(np.arange(5, dtype=np.int32), 0, 1)
    again, _ = training.run(np.arange(5, dtype=np.int32), 0, 1)

    # The weights start at zero.
    assert (pytest.approx([math.log(10.0)], rel=1e-6), [0]) == (losses.tolist(), rights.tolist())
    assert again[0] != losses[0]
    assert 0.0 < training.batch_accuracy(np.arange(5, dtype=np.int32), 0) <= 0.4
