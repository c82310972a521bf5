"""Scores of logits as worked by hand, and of logits that are hard on floating point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_repro.recipes import find
from mnist_repro.runs.evaluation import Evaluation, cross_entropies, evaluate


def logits_for(*predicted: int, strength: float = 1.0) -> np.ndarray:
    """Logits, float32 (n, 10), that are 0 but for one of ``strength`` at each predicted class."""
    logits = np.zeros((len(predicted), 10), dtype=np.float32)
    logits[np.arange(len(predicted)), predicted] = strength
    return logits


def confused(*pairs: tuple[int, int, int]) -> Evaluation:
    """An evaluation of nothing but errors: (predicted, label, images)."""
    labels = np.repeat([label for _, label, _ in pairs], [images for *_, images in pairs])
    predicted = np.repeat([predicted for predicted, _, _ in pairs], [images for *_, images in pairs])
    return evaluate(logits_for(*predicted), labels)


def test_a_small_confusion_as_worked_by_hand() -> None:
    labels = np.array([3, 3, 3, 5, 0, 9], dtype=np.uint8)
    found = evaluate(logits_for(3, 5, 5, 5, 0, 4), labels)
    expected = [[0] * 10 for _ in range(10)]
    expected[3][3], expected[3][5], expected[5][5], expected[0][0], expected[9][4] = 1, 2, 1, 1, 1
    assert expected == [list(row) for row in found.confusion]
    assert ((1, 2, 5), (5, 5, 4)) == (found.wrong_images, found.wrong_predictions)
    assert (3, 3) == (found.right, found.wrong)
    assert found.accuracy == 0.5
    assert ((5, 3, 2), (4, 9, 1)) == found.errors_per_pair
    assert [3, 9] == [label for label, wrong in found.errors_per_label.items() if wrong]


def test_the_loss_is_the_mean_cross_entropy_in_nats() -> None:
    # exp(1) + 9 in the denominator; e in the numerator where right, 1 where wrong.
    right, wrong = math.log(math.e + 9.0) - 1.0, math.log(math.e + 9.0)
    found, unknowing = evaluate(logits_for(7, 2), np.array([7, 8])), evaluate(np.zeros((4, 10)), np.arange(4))
    assert pytest.approx([(right + wrong) / 2.0, math.log(10.0)], rel=1e-15) == [found.loss, unknowing.loss]


def test_right_and_wrong_are_all_images() -> None:
    logits = np.random.RandomState(1).randn(1_000, 10)
    labels = np.random.RandomState(2).randint(0, 10, 1_000)
    found = evaluate(logits, labels)
    assert 1_000 == found.right + found.wrong == sum(map(sum, found.confusion))
    assert found.right / 1_000 == found.accuracy
    assert found.wrong == sum(found.errors_per_label.values()) == sum(count for *_, count in found.errors_per_pair)


def test_errors_come_commonest_first_and_of_equally_many_in_a_fixed_order() -> None:
    pairs = confused((0, 9, 1), (4, 2, 3), (3, 2, 1), (1, 2, 1), (5, 1, 3)).errors_per_pair
    labels = confused((0, 4, 2), (0, 7, 5), (1, 7, 1), (0, 6, 2)).errors_per_label
    assert ((5, 1, 3), (4, 2, 3), (1, 2, 1), (3, 2, 1), (0, 9, 1)) == pairs
    assert [(7, 6), (6, 2), (4, 2), (9, 0), (8, 0)] == list(labels.items())[:5]


def test_a_published_table_of_errors_comes_out_as_it_was_printed() -> None:
    published = find("vgg7-bn").published[-1]
    found = confused(*published.errors_per_pair)
    assert dict(published.errors_per_label) == found.errors_per_label
    assert set(published.errors_per_pair) == set(found.errors_per_pair)
    # The source breaks ties in an order that it does not explain: only the counts can be compared in order.
    assert [count for *_, count in published.errors_per_pair] == [count for *_, count in found.errors_per_pair]
    assert list(published.errors_per_label.values()) == list(found.errors_per_label.values())


@pytest.mark.parametrize("strength", [1e4, 1e30, float(np.finfo(np.float32).max)])
def test_extreme_logits_do_not_overflow(strength: float) -> None:
    right, wrong = cross_entropies(logits_for(7, 2, strength=strength), np.array([7, 8]))
    assert (0.0, float(np.float32(strength))) == (right, wrong)


def test_extreme_logits_of_both_signs_do_not_overflow() -> None:
    largest = float(np.finfo(np.float32).max)
    logits = logits_for(7, strength=largest) - np.float32(largest) * (np.arange(10) == 8).astype(np.float32)
    assert [2.0 * largest] == list(cross_entropies(logits, np.array([8])))


def test_a_logit_that_is_not_a_number_gives_a_loss_that_is_none() -> None:
    logits = logits_for(7, 2)
    logits[1, 5] = np.nan
    found = evaluate(logits, np.array([7, 2]))
    assert math.isnan(found.loss)
    assert 2 == found.right + found.wrong


def test_logits_are_read_in_float64_whatever_they_come_in() -> None:
    logits = np.random.RandomState(3).randn(100, 10).astype(np.float32)
    labels = np.random.RandomState(4).randint(0, 10, 100)
    assert evaluate(logits.astype(np.float64), labels).loss == evaluate(logits, labels).loss
