"""What a process computes with: packages, and the commit of the code."""

from __future__ import annotations

import re
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Dict

from mnist_repro.files import environment


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *identity, "-C", str(folder), *words]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout.strip()


def test_the_commit_says_whether_files_have_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("a", encoding="utf-8")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    (tmp_path / "untracked").touch()
    head = git(tmp_path, "rev-parse", "HEAD")

    assert head == environment.commit(tmp_path)
    (tmp_path / "file").write_text("b", encoding="utf-8")
    assert f"{head}-dirty" == environment.commit(tmp_path)


def test_without_a_checkout_the_code_is_installed(tmp_path: Path) -> None:
    assert "installed" == environment.commit(tmp_path)


def test_a_checkout_that_git_cannot_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert "unknown" == environment.commit(tmp_path)


def test_every_installed_package_is_named_with_its_version() -> None:
    installed: Dict[str, str] = {}
    for each in metadata.distributions():
        # The first of a name is the one that is imported: setuptools brings copies of others along.
        installed.setdefault(re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(), each.version)

    assert installed == environment.packages()
