"""What `gate-baselines` does to files: everything or nothing, and always with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

import pytest

from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.commands import owner
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.cli import main
from tests.builders import made_up_baselines as made

NAME = "digits/sgd"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Baselines of one name, and a proposal for it."""
    monkeypatch.delenv("CI", raising=False)
    folder = tmp_path / "baselines"
    stored = BaselineFile(NAME, "samples", (made.samples(),), owner(folder, NAME))
    baseline_files.write(folder, stored)
    moved = made.samples([loss + 0.25 for loss in made.SPREAD], history=())
    baseline_files.write_proposed(folder, BaselineFile(NAME, "samples", (moved,), owner(folder, NAME)))
    return folder


def run(folder: Path, *words: str) -> int:
    return main([words[0], *words[1:], "--baselines", str(folder)])


def names(folder: Path) -> Tuple[List[str], List[str]]:
    return baseline_files.names(folder), baseline_files.names(folder, proposed=True)


def test_list_and_show_say_what_is_stored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run(folder, "list") == run(folder, "show", NAME)
    said = capsys.readouterr().out

    assert "digits/sgd  samples  1 entry  proposed" in said
    assert "12 seeds, compared as distributions" in said


def test_a_proposal_is_compared_and_then_stored_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == run(folder, "diff")
    assert "regressed" in capsys.readouterr().out
    assert 0 == run(folder, "accept", NAME, "--reason", "another split")
    stored = baseline_files.read(folder, NAME, "samples", owner(folder, NAME))

    assert ([NAME], []) == names(folder)
    assert ["first recording", "another split"] == [change.reason for change in stored.entries[0].history]
    assert 2 == run(folder, "accept", NAME, "--reason", "again")


@pytest.mark.parametrize(
    "words",
    [
        ("accept", NAME),
        ("accept", NAME, "--reason", " "),
        ("accept", "other", "--reason", "x"),
        ("show", "other"),
        ("show", "../digits"),
        ("rename", NAME, NAME, "--reason", "x"),
        ("rename", NAME, "free", "--reason", "it has a proposal"),
        ("rename", NAME, "a/../../b", "--reason", "x"),
        ("rename", "other", "b", "--reason", "x"),
        ("remove", NAME),
        ("remove", NAME, "other", "--reason", "x"),
        ("accept", NAME, "--from", "missing.json", "--reason", "x"),
    ],
)
def test_what_is_refused_changes_nothing(
    folder: Path, words: Tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yml")}

    assert 2 == run(folder, *words)
    assert "\n  next: " in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folder.rglob("*.yml")}


def test_in_ci_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    assert [2, 2, 2] == [
        run(folder, *words, "--reason", "x") for words in (("accept",), ("rename", NAME, "b"), ("remove", NAME))
    ]


def test_a_new_name_keeps_the_history_and_a_removed_one_is_gone(folder: Path) -> None:
    baseline_files.proposed_path(folder, NAME).unlink()
    assert 0 == run(folder, "rename", NAME, "digits-sgd", "--reason", "clearer")
    stored = baseline_files.read(folder, "digits-sgd", "samples", owner(folder, "digits-sgd"))
    assert "renamed from digits/sgd: clearer" == stored.entries[0].history[-1].reason
    assert 0 == run(folder, "remove", "digits-sgd", "--reason", "gone")
    assert [] == names(folder)[0]


def test_a_proposal_is_removed_with_its_baseline(folder: Path) -> None:
    assert 0 == run(folder, "remove", NAME, "--reason", "gone")
    assert ([], []) == names(folder)
