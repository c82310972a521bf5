from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_repro.data import locate, mnist
from mnist_repro.data.dataset import HASHES, Dataset
from mnist_repro.report.datasets import Datasets
from mnist_repro.runs.problems import Problems


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A surrogate that is drawn at once."""
    blank = np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8)
    surrogate = Dataset("surrogate", "drawn", HASHES["surrogate"], *blank, *blank)
    monkeypatch.setattr(locate, "surrogate_dataset", lambda: surrogate)
    return surrogate


def test_a_dataset_is_found_by_its_hash(drawn: Dataset) -> None:
    datasets = Datasets("surrogate", Problems())

    assert drawn is datasets.of(HASHES["surrogate"])
    assert datasets.of("beef" * 16) is None


def test_a_named_place_without_data_is_a_problem(tmp_path: Path) -> None:
    problems = Problems()

    Datasets(str(tmp_path), problems)

    assert 1 == len(problems.found)


@pytest.mark.parametrize(
    ("source", "sha256", "found"),
    [("/data/mine", "cafe" * 16, True), ("/data/mine", "beef" * 16, False), ("mine", "cafe" * 16, False)],
)
def test_data_at_the_place_that_a_run_names_counts_only_with_its_hash(
    drawn: Dataset, monkeypatch: pytest.MonkeyPatch, source: str, sha256: str, found: bool
) -> None:
    own = replace(drawn, name="unrecognised", source="/data/mine", sha256="cafe" * 16)
    monkeypatch.setattr(mnist, "read", lambda place: own)

    assert found is (Datasets("surrogate", Problems()).of(sha256, source) is own)
