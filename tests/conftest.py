"""What several test modules share: the digits that they train on, and what to expect of the installed Keras."""

from __future__ import annotations

import os
import signal
from typing import Iterator, List, Optional, Sequence

import pytest

from mnist_repro.data import locate, mnist, places
from mnist_repro.data.dataset import DRAWN, Dataset
from mnist_repro.training import framework
from tests.builders.reproduced import Reproduced, Reproducing


@pytest.fixture(scope="session", autouse=True)
def can_be_interrupted() -> Iterator[None]:
    """Ctrl-C and the end of a terminal reach the processes that tests start, even if the tests run in the background.

    A shell ignores SIGINT there, and nohup SIGHUP, and each process inherits that.
    """
    handlers = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: lambda number, frame: None}
    ignored = [number for number in handlers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, handlers[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def without_own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither the tests nor the processes that they start read the settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk() -> Iterator[None]:
    """What is written counts as kept at once: only a power failure would show the difference. Processes do wait."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture
def outside_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite itself runs with CI=true, where nothing may be recorded or accepted."""
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture(scope="session")
def dataset() -> Iterator[Dataset]:
    """Real MNIST where `MNIST_REPRO_DATA` or a cache has it, else the surrogate: tests do not download.

    Commands that read it again in this process get the same value: decoding and hashing it takes longer than most of
    what they do with it. What is read from anywhere else is read.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(places.OFFLINE, "1")
        dataset = locate.load()
    read = mnist.read
    with pytest.MonkeyPatch.context() as once:
        once.setattr(mnist, "read", lambda place: dataset if str(place) == dataset.source else read(place))
        yield dataset


@pytest.fixture(scope="session")
def keras_has_epsilon_inside() -> bool:
    """Whether the installed Keras' own RMSprop divides by sqrt(v + epsilon), as it does since 2.11."""
    major, minor = (int(part) for part in framework.keras_version().split(".")[:2])
    return (major, minor) >= (2, 11)


@pytest.fixture(scope="session")
def data(dataset: Dataset) -> str:
    """What to say with --data so that a command uses the same digits."""
    return "surrogate" if dataset.source == DRAWN else dataset.source


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Last come the tests that wait for what runs beside the others."""
    items.sort(key=lambda item: ("measured" in fixtures_of(item), "reproduced" in fixtures_of(item)))


def fixtures_of(item: pytest.Item) -> Sequence[str]:
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    return fixtures


@pytest.fixture(scope="session", autouse=True)
def _reproducing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Optional[Reproducing]]:
    """Begins with the first test of the session, if one of them wants the runs."""
    if not any("reproduced" in fixtures_of(item) for item in request.session.items):
        yield None
        return
    begun = Reproducing(request.getfixturevalue("data"), tmp_path_factory.mktemp("reproduced"))
    yield begun
    begun.stop()


@pytest.fixture(scope="session")
def reproduced(_reproducing: Optional[Reproducing]) -> Reproduced:
    """Runs of three recipes, made once and only read."""
    assert _reproducing is not None
    return _reproducing.finish()
