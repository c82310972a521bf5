"""What differs from the files that a session was submitted with."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Callable

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
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words], check=True)  # noqa: S607


def commit() -> None:
    git("add", ".")
    git("commit", "-qm", "all", "--allow-empty")


def test_the_same_files_are_no_difference(project: Path) -> None:
    (project / "other.txt").write_text("not committed\n")
    before = checkout(project, [project / "test_it.py"])

    check_same(before, checkout(project, [project / "test_it.py"]), "1")

    assert ["other.txt", "test_it.py"] == list(before["files"])


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda: Path("test_it.py").write_text("changed\n"), "test_it.py has changed"),
        (lambda: Path("test_it.py").unlink(), "test_it.py is gone"),
        (lambda: Path("its result.txt").write_text("changed\n"), "its result.txt is among the files only now (new, "),
        (lambda: Path("its result.txt").unlink(), "its result.txt is gone"),
        (lambda: git("checkout", "-q", "--", "other.txt"), "other.txt is not among the files now (as committed, or "),
        (lambda: git("commit", "-qm", "same", "--allow-empty"), "commit "),
    ],
    ids=["test changed", "test removed", "other changed", "other removed", "other as committed", "another commit"],
)
def test_each_file_that_differs_is_named(project: Path, change: Callable[[], object], difference: str) -> None:
    (project / "other.txt").write_text("not committed\n")
    before = checkout(project, [project / "test_it.py"])
    change()

    with pytest.raises(BadInput, match="session 1 was submitted with other files") as refusal:
        check_same(before, checkout(project, [project / "test_it.py"]), "1")

    assert refusal.value.why.startswith(difference)
    assert "; " not in refusal.value.why


def test_ten_differences_are_enough(tmp_path: Path) -> None:
    files = [tmp_path / f"test_{number:02}.py" for number in range(12)]
    before = checkout(tmp_path, files)
    for file in files:
        file.touch()

    with pytest.raises(BadInput) as refusal:
        check_same(before, checkout(tmp_path, files), "1")

    assert refusal.value.why.endswith("test_09.py has changed; and 2 more")


def test_without_git_the_files_of_the_tests_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    found = checkout(tmp_path, [tmp_path / "test_it.py"])

    assert (None, {"test_it.py": None}) == (found["commit"], found["files"])
