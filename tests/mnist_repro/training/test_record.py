"""What a training leaves behind: lines as its source printed them, scores, and losses of every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Optional

import numpy as np
import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.recipe import Epochs, Scale, Steps
from mnist_repro.runs.log import Line
from mnist_repro.training import framework
from mnist_repro.training.batches import segments
from mnist_repro.training.record import Trained, TrainingRecord

IMAGES, LABELS = np.zeros((12, 28, 28), np.uint8), np.arange(12, dtype=np.uint8) % 10
DATASET = Dataset("unrecognised", "here", "", IMAGES, LABELS, IMAGES, LABELS)


class Rehearsed:
    """In the place of a model in training: it takes everything for a three."""

    model = None
    original = True

    def __init__(self) -> None:
        self.settled: List[int] = []

    def settle(self, steps: int) -> None:
        self.settled.append(steps)

    def batch_accuracy(self, order: np.ndarray, step: int) -> float:
        return step / 8.0


def threes(model: object, shape: object) -> Any:
    return lambda images: np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))


def recorded(
    recipe: Recipe, scale: Scale, training: Rehearsed, monkeypatch: pytest.MonkeyPatch
) -> tuple[List[Line], Trained]:
    """The lines as they come, and the results, of a training whose step n has the loss n, and one image right."""
    monkeypatch.setattr(framework, "scorer", threes)
    monkeypatch.setattr(framework, "get_weights", lambda model: ())
    stand_in: Any = training
    record = TrainingRecord(recipe, scale, DATASET, stand_in)
    lines: List[Optional[Line]] = []
    for segment in segments(recipe, scale):
        lines.append(record.before(segment, np.empty(0, np.int32)))
        losses = np.arange(record.steps, record.steps + segment.steps, dtype=np.float32)
        lines.append(record.after(segment, losses, np.ones(segment.steps, np.int32)))
    return [line for line in lines if line is not None], record.close(0.5)


def test_budgets_in_epochs_have_a_line_each_weighted_by_images(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(find("wheel-softmax"), batch_size=4)
    training = Rehearsed()
    lines, trained = recorded(recipe, Scale(6, 0, 10, Epochs(2), (2,)), training, monkeypatch)

    # Steps of four and of two images.
    assert [(1, (0 * 4 + 1 * 2) / 6, 2 / 6, 0.1), (2, (2 * 4 + 3 * 2) / 6, 2 / 6, 0.1)] == [
        (line.after, line.loss, line.accuracy, line.test_accuracy) for line in lines
    ]
    assert tuple(lines) == trained.lines
    assert [(2, 1, 9)] == [(score.after, score.test.right, score.test.wrong) for score in trained.scores]
    assert ([0.0, 1.0, 2.0, 3.0], (3,) * 10, None, 0.5) == (
        trained.step_losses.tolist(),
        trained.first_predictions,
        trained.validation,
        trained.seconds,
    )
    assert [2, 4] == training.settled


def test_budgets_in_steps_have_a_line_before_every_so_many_steps_and_one_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = replace(find("tf-cnn"), batch_size=4, validation_images=2)
    training = Rehearsed()
    lines, trained = recorded(recipe, Scale(8, 2, 10, Steps(5, report_every=2), (5,)), training, monkeypatch)

    assert [(0, None, 0.0), (2, 0.5, 0.0), (4, 2.5, 0.0), (5, 4.0, None)] == [
        (line.after, line.loss, line.batch_accuracy) for line in lines
    ]
    assert ([5], [5]) == (training.settled, [score.after for score in trained.scores])
    assert trained.validation is not None
    assert (0, 2) == (trained.validation.right, trained.validation.wrong)
