"""Emulators for the tests of the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterator, List

import pytest

from pjm import emulator
from tests.builders.emulated import PATIENCE, Emulated, make


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Callable[..., Emulated]]:
    """Makes an emulator; whatever its jobs do then, nothing of them is left after the test."""
    made: List[Emulated] = []

    def one(**settings: object) -> Emulated:
        made.append(make(tmp_path, **settings))  # type: ignore[arg-type]  # each by its name
        return made[-1]

    yield one
    assert all(emulator.stop(each.folder, PATIENCE) for each in made)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    """One emulator for questions and refusals: nothing ever runs on it."""
    return make(tmp_path_factory.mktemp("asked"))


@pytest.fixture
def pjm(making: Callable[..., Emulated]) -> Emulated:
    """An emulator as it comes."""
    return making()
