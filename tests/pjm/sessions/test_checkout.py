"""What differs from the files that a session was submitted with, and how to bring it back."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import List

import pytest

from pjm.errors import BadInput
from pjm.sessions.checkout import check_same, checkout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of three files."""
    for name in ("test_it.py", "its result.txt", "other.txt"):
        (tmp_path / name).write_text("as committed\n")
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    commit()
    return tmp_path


def git(*words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words], check=True, cwd=Path.cwd())  # noqa: S607


def commit() -> None:
    git("add", ".")
    git("commit", "-qm", "all")


def refused(project: Path, before: object) -> BadInput:
    assert isinstance(before, dict)
    with pytest.raises(BadInput, match="was submitted with other files") as refusal:
        check_same(before, checkout(project, [project / "test_it.py"]), "1")
    return refusal.value


def typed(fix: str) -> List[str]:
    """The words of the command in a message."""
    return shlex.split(fix.partition(": ")[2].partition("; or ")[0])


@pytest.mark.parametrize("name", ["its result.txt", "test_it.py"])
def test_a_committed_file_that_a_test_has_written_to_is_brought_back_by_what_the_message_says(
    project: Path, name: str
) -> None:
    before = checkout(project, [project / "test_it.py"])
    (project / name).write_text("written by a test\n")

    refusal = refused(project, before)

    assert f"probably a test, a job or pytest itself has written to {name}, which git keeps" in refusal.why
    assert ["git", "checkout", "--", name] == typed(refusal.fix)
    git(*typed(refusal.fix)[1:])
    check_same(before, checkout(project, [project / "test_it.py"]), "1")


def test_from_another_folder_the_command_names_the_one_it_is_about(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = checkout(project, [project / "test_it.py"])
    (project / "other.txt").unlink()
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")

    refusal = refused(project, before)

    assert refusal.why.startswith("other.txt is gone; ")
    assert ["git", "-C", str(project), "checkout", "--", "other.txt"] == typed(refusal.fix)


def test_what_was_changed_before_the_session_is_not_thrown_away(project: Path) -> None:
    (project / "test_it.py").write_text("not committed\n")
    before = checkout(project, [project / "test_it.py"])
    (project / "test_it.py").write_text("changed again\n")
    (project / "other.txt").write_text("staged\n")
    git("add", "other.txt")

    assert "git" not in refused(project, before).fix


def test_of_several_files_the_command_names_those_it_can_bring_back(project: Path) -> None:
    (project / "test_it.py").write_text("not committed\n")
    before = checkout(project, [project / "test_it.py"])
    (project / "test_it.py").write_text("changed again\n")
    (project / "other.txt").write_text("written by a test\n")

    refusal = refused(project, before)

    assert ["git", "checkout", "--", "other.txt"] == typed(refusal.fix)
    assert refusal.fix.startswith("bring them back to what they were, as far as this does")


def test_after_another_commit_nothing_is_advised_that_would_not_help(project: Path) -> None:
    before = checkout(project, [project / "test_it.py"])
    (project / "other.txt").write_text("committed\n")
    commit()
    (project / "other.txt").write_text("written by a test\n")

    assert "git checkout" not in refused(project, before).fix
