"""A linear classifier of scikit-learn's small digits, trained by stochastic gradient descent."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

IMAGES, LABELS = load_digits(return_X_y=True)
# The split is fixed: the seed decides the order of the images in training, and nothing else.
TRAIN_IMAGES, TEST_IMAGES, TRAIN_LABELS, TEST_LABELS = train_test_split(IMAGES, LABELS, test_size=600, random_state=0)


def features(images: np.ndarray) -> np.ndarray:
    """Pixels of 0 to 16 as numbers from 0 to 1."""
    return images / 16.0


def train(seed: int) -> dict[str, float]:
    """Train with one seed; return what the test images give."""
    model = SGDClassifier(loss="log_loss", alpha=1e-3, random_state=seed)
    model.fit(features(TRAIN_IMAGES), TRAIN_LABELS)
    probabilities = model.predict_proba(features(TEST_IMAGES))
    return {
        "accuracy": model.score(features(TEST_IMAGES), TEST_LABELS),
        "loss": log_loss(TEST_LABELS, probabilities),
    }
