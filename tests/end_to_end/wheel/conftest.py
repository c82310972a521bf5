from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from pjm import emulator
from tests.builders import emulated
from tests.builders.emulated import Emulated
from tests.builders.wheel_machine import Host, serving


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """An ssh server whose sessions have variables that no job must see."""
    # A socket of ssh lies in it, whose path must be short.
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        hostile = {"MNIST_REPRO_DATA": "/nowhere", "MNIST_REPRO_RECIPES": "/nowhere.py", "PYTHONPATH": "/nowhere"}
        with serving(Path(folder) / "ssh", **hostile) as made:
            yield made


@pytest.fixture
def pjm(tmp_path: Path) -> Iterator[Emulated]:
    made = emulated.make(tmp_path, nodes=2)
    yield made
    assert emulator.stop(made.folder)
