"""A fingerprint and where it comes from, asked of another process or taken into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from mnist_repro.execution import fingerprint_worker
from mnist_repro.execution.fingerprint import Fingerprint
from mnist_repro.execution.fingerprint_worker import Answer, ask, take_into, taken_in
from mnist_repro.execution.processes import DiedError
from mnist_repro.recipes import find
from tests.builders import made_up
from tests.builders.command_line import listed
from tests.builders.refused import refused

FINGERPRINT = Fingerprint({"steps": 9380}, {"loss of step 1": 2.5, "loss of step 2": float("inf")})
BLACK = made_up.dataset("mnist")


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither TensorFlow nor data are needed."""
    monkeypatch.setattr(fingerprint_worker, "take", lambda recipe, dataset, arithmetic: FINGERPRINT)
    monkeypatch.setattr(fingerprint_worker, "provenance", lambda seconds: {"arithmetic": "here"})
    monkeypatch.setattr(fingerprint_worker, "load", lambda place: BLACK)


def test_what_was_taken_into_a_folder_is_read_as_it_was(tmp_path: Path) -> None:
    take_into(tmp_path / "new", find("vgg7"), BLACK, "original")

    assert ["fingerprint.json"] == listed(tmp_path / "new")
    assert Answer({"arithmetic": "here"}, FINGERPRINT) == taken_in(tmp_path / "new")


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


@pytest.mark.parametrize(
    ("call", "expected"),
    [(lambda: ask(), None), (lambda: ask("vgg7", "surrogate", "framework"), FINGERPRINT)],
    ids=["provenance alone", "with a fingerprint"],
)
def test_another_process_gives_its_provenance_and_the_fingerprint_of_a_recipe(
    call: Callable[[], Answer], expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint_worker, "Process", Here)

    assert Answer({"arithmetic": "here"}, expected) == call()


def test_a_process_that_died_or_an_unknown_recipe_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint_worker, "Process", Here)
    what, why, _ = refused(lambda: ask("vgg7", "deadly"))

    assert "the process that takes the fingerprint of vgg7 was killed by signal 9" == what
    assert "its last words were:\n    ouch" == why
    assert "unknown recipe 'vgg8'" == refused(lambda: ask("vgg8"))[0]
