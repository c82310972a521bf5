"""What the tests of the data share: nothing of this machine is found, and files that are dear to make are made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_repro.data import locate, mnist, surrogate
from mnist_repro.data.dataset import Dataset
from tests.builders.mnist_files import arrays_of, black, find_real_mnist, isolate, surrogate_cache, write_npz


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    # A proxy would answer in the place of our server.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="session")
def real() -> Dataset:
    return find_real_mnist()


@pytest.fixture(scope="session")
def real_npz(real: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real MNIST as Keras keeps it, packed once."""
    return write_npz(tmp_path_factory.mktemp("real") / "mnist.npz", *arrays_of(real))


@pytest.fixture(scope="session")
def black_npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound .npz, 60 kB."""
    return write_npz(tmp_path_factory.mktemp("black") / "mnist.npz", *black().values())


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The surrogate, not kept, because its cache would lie under a file; drawn once, for the cache of other tests."""
    [copy] = surrogate_cache(tmp_path_factory).iterdir()
    kept = mnist.read(copy)
    digits = (
        np.concatenate([kept.train_images, kept.test_images]),
        np.concatenate([kept.train_labels, kept.test_labels]),
    )
    blocked = tmp_path_factory.mktemp("drawn") / "file"
    blocked.write_text("in the way")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("MNIST_REPRO_CACHE", str(blocked / "cache"))
        monkeypatch.setattr(surrogate, "draw", lambda: digits)
        return locate.surrogate_dataset()
