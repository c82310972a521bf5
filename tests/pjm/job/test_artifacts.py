"""What a test leaves is found by its name, whole, and never mixed with what a killed attempt left."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.errors import BadInput
from pjm.job import artifacts as room
from pjm.job.artifacts import Artifacts

TRAIN, ESTIMATE = "test_it.py::test_train", "test_it.py::test_estimate"


def begun(root: Path, test: str) -> Artifacts:
    """As the fixture gives it."""
    made = Artifacts(root, test)
    made.begin()
    return made


def test_files_are_found_by_name_and_by_node_id(tmp_path: Path) -> None:
    train = begun(tmp_path, TRAIN)
    (train.folder / "weights").write_text("trained")

    for name in (TRAIN, "test_train"):
        assert "trained" == (begun(tmp_path, ESTIMATE).of(name) / "weights").read_text()
    other = begun(tmp_path, "test_other.py::test_b")
    assert train.folder == other.of("test_train")


def test_the_folder_is_one_and_the_same_during_a_test(tmp_path: Path) -> None:
    train = begun(tmp_path, TRAIN)

    assert train.folder == train.folder == train.of("test_train")


def test_another_attempt_finds_nothing_of_the_one_that_was_killed(tmp_path: Path) -> None:
    killed = begun(tmp_path, TRAIN)
    (killed.folder / "weights").write_text("trai")

    again = begun(tmp_path, TRAIN)

    assert [] == list(again.of("test_train").iterdir()), "before it has asked for its folder"
    assert [] == list(again.folder.iterdir())
    (again.folder / "weights").write_text("trained")
    assert "trained" == (begun(tmp_path, ESTIMATE).of("test_train") / "weights").read_text()
    assert "trai" == (killed.folder / "weights").read_text(), "it may still run somewhere"


def test_of_twelve_attempts_the_last_counts(tmp_path: Path) -> None:
    attempts = [begun(tmp_path, TRAIN).folder for _ in range(12)]

    assert attempts[-1] == begun(tmp_path, ESTIMATE).of("test_train")


def test_whose_a_folder_is_stands_there_before_anything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "write_whole", die)
    with pytest.raises(KeyboardInterrupt):
        _ = begun(tmp_path, TRAIN).folder
    monkeypatch.undo()

    with pytest.raises(BadInput, match="no test of that name left files"):
        begun(tmp_path, "test_other.py::test_b").of("test_train")
    made = begun(tmp_path, TRAIN).folder
    assert made == begun(tmp_path, "test_other.py::test_b").of("test_train")


def test_a_name_that_is_no_unicode_is_a_name_too(tmp_path: Path) -> None:
    odd = begun(tmp_path, "test_\udcff.py::test_train").folder

    assert odd == begun(tmp_path, "test_other.py::test_b").of("test_train")
