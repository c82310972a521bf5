"""Scores logits against labels, with NumPy: loss, accuracy, confusion and the wrong images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional, Tuple

import numpy as np

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """The score of a model on a set of images.

    Args:
        loss: mean cross-entropy in nats.
        accuracy: share of images whose largest logit is at their label.
        confusion: images by [label][predicted], 10 rows of 10.
        wrong_images: indices of the images classified wrongly, ascending.
        wrong_predictions: the class predicted for each of ``wrong_images``; None in runs made before it was stored.
    """

    loss: float
    accuracy: float
    confusion: Tuple[Tuple[int, ...], ...]
    wrong_images: Tuple[int, ...]
    wrong_predictions: Optional[Tuple[int, ...]] = None

    @property
    def wrong(self) -> int:
        """The number of images classified wrongly."""
        return len(self.wrong_images)

    @property
    def right(self) -> int:
        """The number of images classified rightly."""
        return sum(sum(row) for row in self.confusion) - self.wrong

    @property
    def errors_per_label(self) -> Dict[int, int]:
        """Wrong images per true label, most first, labels without errors included."""
        errors = {label: sum(row) - row[label] for label, row in enumerate(self.confusion)}
        return dict(sorted(errors.items(), key=lambda item: (-item[1], -item[0])))

    @property
    def errors_per_pair(self) -> Tuple[Tuple[int, int, int], ...]:
        """(predicted, label, images), commonest first."""
        pairs = [
            (predicted, label, count)
            for label, row in enumerate(self.confusion)
            for predicted, count in enumerate(row)
            if predicted != label and count
        ]
        return tuple(sorted(pairs, key=lambda pair: (-pair[2], pair[1], pair[0])))


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Cross-entropy of each image in nats, float64 (n,), from logits (n, 10) and labels (n,)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1))
    return np.asarray(log_total - shifted[np.arange(len(labels)), labels])


def evaluate(logits: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Score logits, shape (n, 10), against labels, integers of shape (n,)."""
    predicted = logits.argmax(axis=1)
    confusion = np.bincount(labels.astype(np.int64) * 10 + predicted, minlength=100).reshape(10, 10)
    wrong = np.flatnonzero(predicted != labels)
    return Evaluation(
        loss=float(cross_entropies(logits, labels).mean()),
        accuracy=(len(labels) - len(wrong)) / len(labels),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        wrong_images=tuple(int(index) for index in wrong),
        wrong_predictions=tuple(int(label) for label in predicted[wrong]),
    )
