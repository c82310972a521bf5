"""Which files of a project are pushed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import List

import pytest

from pjm.errors import BadInput
from pjm.remote.checkout import Checkout, checkout_of, top_of

GIT = ("git", "-c", "user.name=me", "-c", "user.email=me@localhost", "-c", "protocol.file.allow=always")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, "-C", str(folder), *arguments], check=True, capture_output=True)


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, errors="replace")


def repository(folder: Path, *names: str) -> Path:
    """A repository with committed files."""
    folder.mkdir()
    write(folder, *names)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def pushed(folder: Path) -> List[str]:
    return sorted(checkout_of(folder, folder / ".pjm").facts)


def test_tracked_and_untracked_files_are_pushed_and_ignored_ones_are_not(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "tracked", "inner/tracked", ".gitignore", "gone")
    (project / ".gitignore").write_text("*.bin\n/data\n")
    write(project, "untracked", "inner/untracked", "x.bin", "data/set", "inner/.hidden")
    (project / "gone").unlink()

    expected = [".gitignore", "inner/.hidden", "inner/tracked", "inner/untracked", "tracked", "untracked"]
    assert expected == pushed(project)


def test_a_tracked_file_is_pushed_even_if_it_is_ignored(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "x.bin")
    (project / ".gitignore").write_text("*.bin\n")

    assert [".gitignore", "x.bin"] == pushed(project)


def test_sessions_and_caches_are_never_pushed(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "kept", ".pjm/a", "inner/__pycache__/b", ".venv/c", ".pytest_cache/d")
    write(project, "sessions/20260102/session.json")

    assert ["kept"] == sorted(checkout_of(project, project / "sessions").facts)


def test_without_git_all_but_caches_is_pushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    write(tmp_path / "project", "kept", "inner/kept", ".pjm/a", "inner/.git/b", ".tox/c")
    (tmp_path / "project" / "to-folder").symlink_to("inner")

    assert tmp_path / "project" == top_of(tmp_path / "project")
    assert ["inner/kept", "kept", "to-folder"] == pushed(tmp_path / "project")


def test_the_whole_work_tree_is_pushed_from_wherever_pytest_starts(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "a", "inner/b")

    assert project == top_of(project / "inner")


def test_files_of_submodules_and_other_repositories_are_pushed_as_their_git_sees_them(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", "code", ".gitignore")
    project = repository(tmp_path / "project", "own")
    git(project, "submodule", "add", "-q", str(library), "lib")
    (project / "lib" / ".gitignore").write_text("*.bin\n")
    write(project / "lib", "x.bin", "new")
    repository(project / "other", "theirs")
    repository(project / "empty")

    expected = [".gitmodules", "lib/.gitignore", "lib/code", "lib/new", "other/theirs", "own"]
    assert expected == pushed(project)


def test_a_submodule_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    library = repository(tmp_path / "library", "code")
    origin = repository(tmp_path / "origin", "own")
    git(origin, "submodule", "add", "-q", str(library), "lib")
    git(origin, "commit", "-q", "-m", "two")
    git(tmp_path, "clone", "-q", str(origin), "project")

    assert [".gitmodules", "own"] == pushed(tmp_path / "project")


def test_links_are_pushed_as_links(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "file")
    (project / "broken").symlink_to("nowhere")
    (project / "to-folder").symlink_to("/usr")

    facts = checkout_of(project, project / ".pjm").facts

    assert {"broken": 1, "file": 0, "to-folder": 1} == {name: fact[3] for name, fact in facts.items()}


def test_what_is_neither_file_nor_link_is_left_out(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "file", "once-a-file")
    (project / "once-a-file").unlink()
    os.mkfifo(str(project / "once-a-file"))

    assert ["file"] == pushed(project)


def test_names_that_are_not_utf8_are_pushed(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", os.fsdecode(b"na\xefve"), "a\nb", " あ'\"$ ")

    assert [" あ'\"$ ", "a\nb", "na\udcefve"] == pushed(project)


def test_a_change_of_content_time_or_mode_changes_the_facts(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "file")

    def fact() -> List[int]:
        return checkout_of(project, project / ".pjm").facts["file"]

    seen = [fact()]
    (project / "file").chmod(0o755)
    seen.append(fact())
    os.utime(str(project / "file"), ns=(1, 1))
    seen.append(fact())
    (project / "file").write_text("longer than before")
    os.utime(str(project / "file"), ns=(1, 1))
    seen.append(fact())

    assert 4 == len(set(map(tuple, seen)))
    assert [18, 1, 1, 0] == seen[-1]


def test_what_is_here_and_not_pushed_is_left_out(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "file", "inner/file")
    (project / ".gitignore").write_text("ignored*\n")
    write(project, "ignored", "ignored-too/file")
    checkout = checkout_of(project, project / ".pjm")

    left_out = [
        name for name in ("file", "inner", "ignored", "ignored-too", "missing") if checkout.left_out(project / name)
    ]

    assert ["ignored", "ignored-too"] == left_out
    assert not checkout.left_out(tmp_path)
    assert not checkout.left_out(project)


def test_what_a_link_leads_to_in_the_checkout_is_pushed(tmp_path: Path) -> None:
    project = repository(tmp_path / "project", "tests/file")
    (project / ".gitignore").write_text("ignored*\n")
    write(project, "tests/ignored")
    (project / "linked").symlink_to("tests")
    (project / "ignored-link").symlink_to("tests/file")
    checkout = checkout_of(project, project / ".pjm")

    names = ("linked", "linked/file", "linked/ignored", "ignored-link", "ignored-link/../tests/file")

    assert ["linked/ignored", "ignored-link"] == [name for name in names if checkout.left_out(project / name)]


def test_a_failure_names_what_was_left_out(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, {"pushed": [0, 0, 0, 0], "inner/pushed": [0, 0, 0, 0]})
    write(tmp_path, "ignored", "pushed", "inner/relative")
    text = (
        "'..' '.' No such file: '/data/p/ignored', '/data/p/pushed', '/data/p/missing', 'relative', '/data/p2/ignored'"
    )

    named = checkout.named_and_left_out(text, "/data/p", tmp_path / "inner")

    assert ["../ignored", "relative"] == named


def test_where_git_does_not_answer_nothing_is_pushed_that_it_may_ignore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)  # noqa: S607 - the user's own git
    (tmp_path / ".env").write_text("private")
    (tmp_path / "inner").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))  # where there is no git

    for folder in (tmp_path, tmp_path / "inner"):
        with pytest.raises(BadInput, match="cannot be pushed"):
            checkout_of(folder, folder / ".pjm")
