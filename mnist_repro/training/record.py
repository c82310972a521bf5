"""Records the losses, log lines and scores of one training while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.recipes.layers import BatchNormalization, Weights, lay_out
from mnist_repro.recipes.recipe import Epochs, Recipe, Scale, Steps
from mnist_repro.runs.evaluation import Evaluation, evaluate
from mnist_repro.runs.log import Line, Score
from mnist_repro.training import arithmetic, framework
from mnist_repro.training.batches import Segment
from mnist_repro.training.model import Training

FIRST_PREDICTIONS = 10


@dataclass(frozen=True, eq=False)
class Trained:
    """The results of a training.

    Args:
        model: the trained Keras model.
        weights: its weights.
        lines: printed lines, per epoch or per number of steps.
        scores: evaluation of the test images at each point of ``scored_after``.
        step_losses: the loss of every step, float32, shape (steps,).
        validation: evaluation of the held-out images at the end, if there are any.
        first_predictions: classes predicted for the first ten images of the training files.
        seconds: wall time of training and scoring.
    """

    model: Any
    weights: Weights
    lines: Tuple[Line, ...]
    scores: Tuple[Score, ...]
    step_losses: np.ndarray
    validation: Optional[Evaluation]
    first_predictions: Tuple[int, ...]
    seconds: float


class TrainingRecord:
    """The record of one training.

    Args:
        recipe: the recipe.
        scale: scale of the training.
        dataset: dataset of the test images.
        training: the model in training.
    """

    def __init__(self, recipe: Recipe, scale: Scale, dataset: Dataset, training: Training) -> None:
        self.steps = 0
        self._recipe, self._scale, self._dataset, self._training = recipe, scale, dataset, training
        self._logits = framework.scorer(training.model, recipe.input_shape)
        self._step_losses: List[np.ndarray] = []
        self._lines: List[Line] = []
        self._scores: List[Score] = []
        self._unprinted = np.zeros(3)  # loss times images, right images, images since the last line

    def before(self, segment: Segment, order: np.ndarray) -> Optional[Line]:
        """For budgets in steps, if a line is due: the line with the accuracy on the batch about to be trained on."""
        budget = self._scale.budget
        if not isinstance(budget, Steps) or self.steps % budget.report_every:
            return None
        return self._print(self.steps, batch_accuracy=self._training.batch_accuracy(order, segment.first))

    def after(self, segment: Segment, losses: np.ndarray, rights: np.ndarray) -> Optional[Line]:
        """Record the steps of a segment, and score. Returns a line for budgets in epochs, and at the budget's end."""
        self.steps += segment.steps
        self._step_losses.append(losses)
        images = self._batch_sizes(segment)
        self._unprinted += (float(losses.astype(np.float64) @ images), int(rights.sum()), int(images.sum()))
        in_epochs = isinstance(self._scale.budget, Epochs)
        test = self._score(segment) if in_epochs or segment.scored is not None else None
        if segment.reported is None or not (in_epochs or self.steps == self._scale.budget.count):
            return None
        return self._print(segment.reported, test)

    def close(self, seconds: float) -> Trained:
        """The results, after the last step of the budget."""
        held_out = min(self._recipe.validation_images, self._scale.validation_images)
        first = self._logits(self._dataset.train_images[:FIRST_PREDICTIONS]).argmax(axis=1)
        return Trained(
            model=self._training.model,
            weights=framework.get_weights(self._training.model),
            lines=tuple(self._lines),
            scores=tuple(self._scores),
            step_losses=np.concatenate(self._step_losses),
            validation=self._evaluate(self._dataset.train_images[:held_out], self._dataset.train_labels[:held_out])
            if held_out
            else None,
            first_predictions=tuple(int(label) for label in first),
            seconds=seconds,
        )

    def _batch_sizes(self, segment: Segment) -> np.ndarray:
        """The number of images in each step of a segment, float64."""
        starts = (segment.first + np.arange(segment.steps)) * self._recipe.batch_size
        return np.minimum(self._scale.training_images - starts, self._recipe.batch_size).astype(np.float64)

    def _print(self, after: int, test: Optional[Evaluation] = None, batch_accuracy: Optional[float] = None) -> Line:
        weighted, right, images = self._unprinted
        self._unprinted = np.zeros(3)
        line = Line(
            after=after,
            loss=float(weighted / images) if images else None,
            accuracy=float(right / images) if images else None,
            test_loss=test.loss if test else None,
            test_accuracy=test.accuracy if test else None,
            batch_accuracy=batch_accuracy,
        )
        self._lines.append(line)
        return line

    def _score(self, segment: Segment) -> Evaluation:
        self._training.settle(self.steps)
        test = self._evaluate_test()
        if segment.scored is not None:
            self._scores.append(Score(segment.scored, test, self._test_debiased()))
        return test

    def _test_debiased(self) -> Optional[Evaluation]:
        """The score with debiased moving statistics, if the framework's arithmetic does not debias them."""
        specs = lay_out(self._recipe.layers, self._recipe.input_shape)
        values = {spec.name: spec.layer for spec in specs if isinstance(spec.layer, BatchNormalization)}
        if self._training.original or not values:
            return None
        weights = framework.get_weights(self._training.model)
        corrected = tuple(
            (*arrays[:2], *arithmetic.debiased(values[spec.name].momentum, self.steps, arrays[2], arrays[3]))
            if spec.name in values
            else arrays
            for spec, arrays in zip(specs, weights)
        )
        framework.set_weights(self._training.model, corrected)
        try:
            return self._evaluate_test()
        finally:
            framework.set_weights(self._training.model, weights)

    def _evaluate_test(self) -> Evaluation:
        count = self._scale.test_images
        return self._evaluate(self._dataset.test_images[:count], self._dataset.test_labels[:count])

    def _evaluate(self, images: np.ndarray, labels: np.ndarray) -> Evaluation:
        return evaluate(self._logits(images), labels)
