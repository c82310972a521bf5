"""What several test modules share: the digits that they train on, and what to expect of the installed Keras."""

from __future__ import annotations

import pytest

from mnist_repro import framework
from mnist_repro.data import locate, places
from mnist_repro.data.dataset import Dataset


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Real MNIST where `MNIST_REPRO_DATA` or a cache has it, else the surrogate: tests do not download."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(places.OFFLINE, "1")
        return locate.load()


@pytest.fixture(scope="session")
def keras_has_epsilon_inside() -> bool:
    """Whether the installed Keras' own RMSprop divides by sqrt(v + epsilon), as it does since 2.11."""
    major, minor = (int(part) for part in framework.keras_version().split(".")[:2])
    return (major, minor) >= (2, 11)
