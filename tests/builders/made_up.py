"""Runs that nobody trained, for tests of what is made of runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Optional, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.runs.evaluation import Evaluation
from mnist_repro.runs.log import Line, Score
from mnist_repro.runs.run import Run


def evaluation(loss: float, accuracy: float) -> Evaluation:
    """Of 10,000 images; the wrong ones are fours taken for nines."""
    wrong = 0 if not math.isfinite(accuracy) else round(10_000 * (1.0 - accuracy))
    confusion = [[0] * 10 for _ in range(10)]
    confusion[4][4], confusion[4][9] = 10_000 - wrong, wrong
    return Evaluation(loss, accuracy, tuple(tuple(row) for row in confusion), tuple(range(wrong)), (9,) * wrong)


def score(after: int, loss: float, accuracy: float, debiased: Optional[float] = None) -> Score:
    return Score(after, evaluation(loss, accuracy), None if debiased is None else evaluation(debiased, accuracy))


def run(recipe: str, seed: int, *scores: Score, unit: str = "epoch", scale: str = "full") -> Run:
    """A run with these scores and without step losses."""
    return Run(
        recipe=recipe,
        seed=seed,
        scale=scale,
        arithmetic="original",
        unit=unit,
        dataset={"name": "mnist", "sha256": "0123", "source": "/data/mnist"},
        counts={"parameters": 7850, "training_images": 60_000, "test_images": 10_000, "steps": 9380, "batch_size": 128},
        scores=scores,
        validation=None,
        log=(Line(after=1, loss=0.5, accuracy=0.875, test_loss=0.25, test_accuracy=0.9),),
        step_losses=(),
        first_predictions=(5, 0, 4),
        provenance={
            "seconds": 3.25,
            "tensorflow": "2.21.0",
            "keras": "3.15.1",
            "machine": "x86_64",
            "platform": "x86_64, TensorFlow 2.21, Keras 3.15",
        },
    )


def wheel(seed: int, loss: float, accuracy: float) -> Run:
    """A full run of wheel-softmax."""
    return run("wheel-softmax", seed, score(20, loss, accuracy))


def with_log(made: Run, *lines: Line) -> Run:
    return replace(made, log=lines)


def dataset(name: str) -> Dataset:
    """Ten black images of each kind that claim to be ``name``."""
    images, labels = np.zeros((10, 28, 28), np.uint8), np.zeros(10, np.uint8)
    return Dataset(name, "made up", "0123", images, labels, images, labels)


def wheels(*figures: Tuple[float, float]) -> Tuple[Run, ...]:
    """A full run of wheel-softmax for each (loss, accuracy)."""
    return tuple(wheel(seed, loss, accuracy) for seed, (loss, accuracy) in enumerate(figures))
