"""The surrogate is drawn once for all commands, and read from the cache from then on."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_repro.data import mnist, surrogate
from mnist_repro.data import surrogate_cache as kept
from mnist_repro.data.dataset import HASHES, Dataset, recognise
from tests.builders.mnist_files import black


def test_the_second_time_it_is_read_and_not_drawn(drawn: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    kept._keep(drawn, kept.kept_path())
    monkeypatch.setattr(surrogate, "draw", None)

    assert HASHES["surrogate"] == kept.surrogate_dataset().sha256


def test_a_copy_with_other_digits_is_drawn_again(drawn: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    kept._keep(recognise("here", *black().values()), kept.kept_path())
    images = np.concatenate([drawn.train_images, drawn.test_images])
    labels = np.concatenate([drawn.train_labels, drawn.test_labels])
    monkeypatch.setattr(surrogate, "draw", lambda: (images, labels))

    assert HASHES["surrogate"] == kept.surrogate_dataset().sha256
    assert "surrogate" == mnist.read(kept.kept_path()).name


def test_a_cache_that_cannot_be_written_is_no_error(drawn: Dataset) -> None:
    assert ("surrogate", "drawn by mnist-repro") == (drawn.name, drawn.source)
