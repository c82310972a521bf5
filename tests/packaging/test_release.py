"""A release that is ready, and the same bytes from two clones at different paths, times and time zones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import release

ROOT = Path(__file__).resolve().parents[2]
PROJECT = {
    "mnist_repro/__init__.py": '__version__ = "0.2.0"\n\n\ndef entry():\n    print("mnist-repro", __version__)\n',
    "pjm/__init__.py": '__version__ = "0.2.0"\n',
    "CITATION.cff": "version: 0.2.0\n",
    "CHANGELOG.md": "## 0.2.0 (2026-12-01)\n",
    "README.md": "A project.\n",
    ".gitignore": "/.tox/\n/dist/\n",
    "MANIFEST.in": "include reproducible_build.py\n",
    "pyproject.toml": """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "reproducible_build"
backend-path = ["."]

[project]
name = "mnist-repro"
version = "0.2.0"
readme = "README.md"
scripts = { mnist-repro = "mnist_repro:entry" }

[tool.setuptools]
packages = ["mnist_repro", "pjm"]
""",
}


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def test_this_commit_is_built_to_the_same_bytes_twice(tmp_path: Path) -> None:
    built = release.build_twice("HEAD", tmp_path / "dist")

    name = f"mnist_repro-{release.version()}"
    assert {f"{name}.tar.gz", f"{name}-py3-none-any.whl"} == set(built)
    assert set(built) == {file.name for file in (tmp_path / "dist").iterdir()}


def test_a_ready_release_is_built_and_nothing_is_tagged(tmp_path: Path) -> None:
    for name in ("release.py", "reproducible_build.py"):
        shutil.copy(str(ROOT / name), str(tmp_path))
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "Ready")
    (tmp_path / ".tox").mkdir()
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / ".tox" / "passed").write_text(commit, encoding="utf-8")

    command = [sys.executable, "release.py"]
    ended = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert (0, "") == (ended.returncode, ended.stderr), ended
    assert f"  git tag --annotate v0.2.0 --message 'mnist-repro 0.2.0' {commit}\n" in ended.stdout
    assert "" == git(tmp_path, "tag") == git(tmp_path, "status", "--porcelain")
    assert ["mnist_repro-0.2.0-py3-none-any.whl", "mnist_repro-0.2.0.tar.gz"] == sorted(
        file.name for file in (tmp_path / "dist").iterdir()
    )


@pytest.mark.parametrize("time", ["yesterday", "-5", "1.5", "99999999999"])
def test_without_a_time_of_the_variable_nothing_is_built(tmp_path: Path, time: str) -> None:
    build = f"import reproducible_build; reproducible_build.build_sdist({str(tmp_path)!r})"
    env = {**os.environ, "SOURCE_DATE_EPOCH": time}
    command = [sys.executable, "-c", build]
    ended = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)

    assert (1, []) == (ended.returncode, list(tmp_path.iterdir()))
    assert ended.stderr.startswith(f"reproducible_build.py: SOURCE_DATE_EPOCH is {time!r}\n  why: ")
