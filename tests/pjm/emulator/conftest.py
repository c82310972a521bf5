"""Emulators for the tests of the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from pjm import emulator
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.settings import Settings
from pjm.emulator.machine.store import WHOLE, Job, Store
from tests.builders.emulated import Emulated, make
from tests.builders.processes import PATIENCE


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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database of jobs."""
    with Store(tmp_path / "jobs.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """What `somebody` finds: one job that runs, jobs of all models that wait, and the job of another user."""
    folder = Folder(tmp_path_factory.mktemp("listed"))
    shaped: Dict[str, object] = {"cwd": "/data", "shape": "2x3x2", "given": ["elapse"]}
    with Store(folder.database) as store:
        store.put(
            [
                _job(1, "NM", "first", state="RUN", last_state="RNA", started=1.0),
                _job(2, "NM", "a-name-of-many-letters", nodes=12, elapse=5400, spec=shaped),
                _job(3, "BU", "many"),
                *(_job(3, "BU", "many", sub) for sub in (1, 2, 3)),
                _job(4, "ST", "steps", nodes=None, elapse=None),
                _job(4, "ST", "steps", 0),
                _job(5, "NM", "others", user="else", group="hp000001"),
            ]
        )
        yield Context(folder, Settings(), store, (), "somebody", [])


def _job(number: int, model: str, name: str, sub: int = WHOLE, **values: object) -> Job:
    usual: Dict[str, Any] = {"state": "QUE", "last_state": "ACC", "elapse": 60, "accepted": 1.0}
    usual.update(rscgrp="small", rscunit="rscunit_ft01")
    fields = {"user": "somebody", "group": "hp000000", "spec": {"cwd": "/data"}, **usual, **values}
    return Job(48000000 + number, sub, model, name, **fields)
