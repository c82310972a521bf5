"""A fingerprint and where it comes from, asked of another process or taken into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest

from mnist_repro.execution import fingerprint_worker
from mnist_repro.execution.fingerprint_worker import TakenFingerprint, ask, provenance_there, read, take_here, write
from mnist_repro.execution.processes import DiedError
from mnist_repro.recipes import find
from tests.builders import made_up
from tests.builders.command_line import listed
from tests.builders.refused import refused

EXACT, LOSSES = {"steps": 9380}, {"loss of step 1": 2.5, "loss of step 2": float("inf")}
BLACK = made_up.dataset("mnist")


def taken(arithmetic: str) -> TakenFingerprint:
    return TakenFingerprint("vgg7", "mnist", arithmetic, EXACT, LOSSES, {"arithmetic": "here"})


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither TensorFlow nor data are needed."""
    monkeypatch.setattr(fingerprint_worker, "take", lambda recipe, dataset, arithmetic: (EXACT, LOSSES))
    monkeypatch.setattr(fingerprint_worker, "provenance", lambda seconds: {"arithmetic": "here"})
    monkeypatch.setattr(fingerprint_worker, "load", lambda place: BLACK)


def test_what_was_taken_into_a_folder_is_read_as_it_was(tmp_path: Path) -> None:
    write(take_here(find("vgg7"), BLACK, "original"), tmp_path / "new")

    assert ["fingerprint.json"] == listed(tmp_path / "new")
    assert taken("original") == read(tmp_path / "new")


class Here:
    """In the place of a worker process: it answers in this one, or dies."""

    def __init__(self, module: str) -> None:
        assert "execution.fingerprint_worker" == module

    def ask(self, request: Dict[str, Any]) -> Any:
        if request["data"] == "deadly":
            raise DiedError(-9, "its last words were:\n    ouch")
        return fingerprint_worker._reply(**request)

    def close(self) -> None:
        pass


def test_another_process_gives_its_provenance_and_the_fingerprint_of_a_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint_worker, "Process", Here)

    assert {"arithmetic": "here"} == provenance_there()
    assert taken("framework") == ask("vgg7", "surrogate", "framework")


def test_a_process_that_died_or_an_unknown_recipe_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint_worker, "Process", Here)
    what, why, _ = refused(lambda: ask("vgg7", "deadly", "original"))

    assert "the process that takes the fingerprint of vgg7 was killed by signal 9" == what
    assert "its last words were:\n    ouch" == why
    assert "unknown recipe 'vgg8'" == refused(lambda: ask("vgg8", "surrogate", "original"))[0]
