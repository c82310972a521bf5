"""A training is a function of recipe, data and seed, and says how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Optional, Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import find
from mnist_repro.recipes.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten
from mnist_repro.recipes.recipe import Epochs, Scale
from mnist_repro.runs.log import Line
from mnist_repro.training import train as train_module
from mnist_repro.training.train import ordered_segments, train

RECIPE = replace(find("wheel-softmax"), batch_size=128)
SCALE = Scale(300, 0, 100, Epochs(2), scored_after=(2,))


def test_the_same_seed_gives_the_same_bits_and_another_one_others(dataset: Dataset) -> None:
    first, again, other = (train(RECIPE, dataset, seed, SCALE) for seed in (7, 7, 8))

    assert first.step_losses.tobytes() == again.step_losses.tobytes()
    assert first.scores == again.scores
    assert first.step_losses.tobytes() != other.step_losses.tobytes()


Seen = List[Tuple[int, int, Optional[int]]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        # Three steps an epoch.
        (60.0, [(0, 6, None), (3, 6, 1), (3, 6, None), (6, 6, 2)]),
        # So slow that each step is one too many.
        (
            0.0,
            [*((done, 6, None) for done in (0, 1, 2)), (3, 6, 1), *((done, 6, None) for done in (3, 4, 5)), (6, 6, 2)],
        ),
    ],
)
def test_progress_moves_with_each_segment_and_within_it(
    seconds: float, expected: Seen, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "PIECE_SECONDS", seconds)
    monkeypatch.setattr(train_module, "_FIRST_STEPS", 16 if seconds else 1)
    seen: Seen = []

    def watch(done: int, total: int, line: Optional[Line]) -> None:
        seen.append((done, total, line.after if line else None))

    trained = train(RECIPE, dataset, 0, SCALE, progress=watch)

    assert (expected, 6) == (seen, len(trained.step_losses))


@pytest.mark.parametrize(("arithmetic", "optimizer"), [("original", "keras-cnn"), ("framework", "tf-cnn")])
def test_a_training_that_reports_each_step_gives_the_same_bits(
    arithmetic: str, optimizer: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With dropout masks, moving statistics, and steps that the optimiser counts or slots that it moves.
    layers = (BatchNormalization(), Conv2D(2, 3, "valid", "relu"), Flatten(), Dropout(0.5), Dense(10, "softmax"))
    recipe = replace(find("keras-cnn"), layers=layers, optimizer=find(optimizer).optimizer, batch_size=20)
    scale = Scale(90, 0, 50, Epochs(2), scored_after=(2,))
    whole = train(recipe, dataset, 0, scale, arithmetic)
    monkeypatch.setattr(train_module, "PIECE_SECONDS", 0.0)
    monkeypatch.setattr(train_module, "_FIRST_STEPS", 1)
    in_pieces = train(recipe, dataset, 0, scale, arithmetic)

    assert whole.step_losses.tobytes() == in_pieces.step_losses.tobytes()
    assert (whole.scores, whole.lines) == (in_pieces.scores, in_pieces.lines)


def test_each_epoch_has_an_order_of_its_own_for_all_its_segments() -> None:
    recipe = replace(find("tf-softmax"), batch_size=100)
    scale = replace(recipe.subset, training_images=300, budget=replace(recipe.subset.budget, count=200))
    orders = [order for _, order in ordered_segments(recipe, scale, 0)]

    assert all(np.array_equal(np.sort(order), np.arange(300)) for order in orders)
    assert len({order.tobytes() for order in orders}) == -(-200 // 3)
