"""A training is a function of recipe, data and seed, and says how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import List, Optional, Tuple

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import find
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


def test_each_epoch_has_an_order_of_its_own_for_all_its_segments() -> None:
    recipe = replace(find("tf-softmax"), batch_size=100)
    scale = replace(recipe.subset, training_images=300, budget=replace(recipe.subset.budget, count=200))
    orders = [order for _, order in ordered_segments(recipe, scale, 0)]

    assert all(np.array_equal(np.sort(order), np.arange(300)) for order in orders)
    assert len({order.tobytes() for order in orders}) == -(-200 // 3)
