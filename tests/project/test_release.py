"""`release.py` in repositories of git: what it refuses, each with one message, and how it folds fragments.

A release that is ready: `tests/packaging/test_release.py`, which needs the tools that build.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "release.py"
CHANGELOG = """\
# Changelog

## 0.2.0 (2026-12-01)

### Added

- A gate.

### Fixed

- A typo.

## 0.1.0 (2026-11-01)

### Fixed

- The first.
"""
FILES = {
    "mnist_repro/__init__.py": '__version__ = "0.2.0"\n',
    "pjm/__init__.py": '__version__ = "0.2.0"\n',
    "CITATION.cff": "version: 0.2.0\n",
    "CHANGELOG.md": CHANGELOG,
    "changes/.gitignore": "!.gitignore\n",
    ".gitignore": ".tox/\n",
}


@dataclass(frozen=True)
class Repository:
    """A project that `release.py` finds ready, until something is changed."""

    folder: Path

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def git(self, *words: str) -> str:
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words]
        return subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def commit(self, **files: str) -> None:
        """Change files, and have `.ci/run` pass for it."""
        self.write(**files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")
        self.write(**{".tox/passed": self.git("rev-parse", "HEAD") + "\n"})

    def release(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "release.py", *words]
        return subprocess.run(command, cwd=self.folder, check=False, capture_output=True, text=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    shutil.copy(str(SCRIPT), str(tmp_path))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit(**FILES)
    return made


BAD: Dict[str, Callable[[Repository], object]] = {
    "the branch is a-change": lambda there: there.git("switch", "--quiet", "--create", "a-change"),
    "the tree is not clean:\n?? notes.txt": lambda there: there.write(**{"notes.txt": "mine"}),
    "the tree is not clean:\nM CITATION.cff": lambda there: there.write(**{"CITATION.cff": "version: 0.2.0\n\n"}),
    "the tag v0.2.0 exists": lambda there: there.git("tag", "v0.2.0"),
    "changes/ has fragments: +late.fixed.md": lambda there: there.commit(**{"changes/+late.fixed.md": "A bug."}),
    "CHANGELOG.md has no section '## 0.2.0 (YYYY-MM-DD)'": lambda there: there.commit(**{"CHANGELOG.md": "# None"}),
    "the versions differ: ": lambda there: there.commit(**{"pjm/__init__.py": '__version__ = "0.1.0"\n'}),
    ".tox/passed has no commit and not ": lambda there: (there.folder / ".tox" / "passed").unlink(),
    ".tox/passed has abc-dirty and not ": lambda there: there.write(**{".tox/passed": "abc-dirty\n"}),
    "git branch --show-current: exit code 128": lambda there: shutil.rmtree(str(there.folder / ".git")),
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_state_is_one_message_and_nothing_is_built(repository: Repository, message: str) -> None:
    BAD[message](repository)

    ended = repository.release()

    assert (1, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith(f"release.py: {message}"), ended.stderr
    assert (1, 1) == (ended.stderr.count("\n  why: "), ended.stderr.count("\n  next: "))
    assert not (repository.folder / "dist").exists()


def test_a_ready_commit_is_built_and_a_build_that_fails_is_one_message(repository: Repository) -> None:
    # There is no pyproject.toml, and perhaps no `build` either.
    ended = repository.release()

    assert 1 == ended.returncode
    assert "building it twice" in ended.stdout
    assert " -m build --no-isolation --outdir " in ended.stderr.splitlines()[0]
    assert not (repository.folder / "dist").exists()


def test_late_fragments_are_folded_into_the_section_of_this_version(repository: Repository) -> None:
    repository.commit(**{"changes/+late.fixed.md": "A bug.\nIn two lines.\n", "changes/12.added.md": "A page.\n"})

    ended = repository.release("fold")

    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)
    folded = CHANGELOG.replace("- A gate.", "- A page.\n- A gate.")
    folded = folded.replace("- A typo.", "- A bug.\n  In two lines.\n- A typo.")
    assert folded == (repository.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [".gitignore"] == [file.name for file in (repository.folder / "changes").iterdir()]


def test_a_fragment_without_a_place_stops_folding_and_nothing_is_changed(repository: Repository) -> None:
    repository.commit(**{"changes/+a.fixed.md": "A bug.\n", "changes/+b.removed.md": "An option.\n"})

    ended = repository.release("fold")

    assert (1, "") == (ended.returncode, repository.git("status", "--porcelain"))
    assert "has no part '### Removed', where changes/+b.removed.md belongs\n" in ended.stderr
