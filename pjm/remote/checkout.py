"""The files of the project that are pushed to another machine: the checkout as git sees it."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List

from pjm.errors import BadInput
from pjm.sessions.checkout import git

_NEVER = frozenset(
    {".git", ".pjm", "__pycache__", ".pytest_cache", ".tox", ".nox", ".venv", ".mypy_cache", ".ruff_cache"}
)
Fact = List[int]  # size, time of the last change in nanoseconds, whether executable, whether a link


_QUOTED = re.compile(r"'([^'\n]{1,1000})'")  # as Python names the file of an error


@dataclass(frozen=True)
class Checkout:
    """The files of a project.

    Attributes:
        folder: the work tree of git that holds the root folder of pytest; that folder itself where there is no git.
        facts: size and time of each file, by its name relative to the folder.
    """

    folder: Path
    facts: Dict[str, Fact]

    def named_and_left_out(self, text: str, there: str, start: Path) -> List[str]:
        """The files that a text names, that are here, and are not pushed.

        Args:
            text: of a failure.
            there: the folder of the checkout on the other machine.
            start: to which other names in the text are relative.
        """
        found: Dict[str, None] = {}
        for name in _QUOTED.findall(text):
            here = self.folder / name[len(there) + 1 :] if name.startswith(f"{there}/") else start / name
            shown = os.path.relpath(here, start)
            if _NEVER.isdisjoint(Path(shown).parts) and self.left_out(here):
                found[shown] = None
        return list(found)

    def left_out(self, path: Path) -> bool:
        """Whether a file is here, in the folder, and is not pushed."""
        plain = Path(os.path.normpath(str(path)))
        if self.folder not in plain.parents or not os.path.lexists(path):
            return False
        by_links = os.path.relpath(plain.parent.resolve() / plain.name, self.folder.resolve())
        return not (self._pushes(os.path.relpath(plain, self.folder)) or self._pushes(by_links))

    def _pushes(self, name: str) -> bool:
        inside = f"{name}{os.sep}"
        return name in self.facts or any(each.startswith(inside) for each in self.facts)


def top_of(rootdir: Path) -> Path:
    """The work tree of git that holds a folder; the folder itself where there is no git."""
    found = git(rootdir, "rev-parse", "--show-toplevel")
    return Path(found.rstrip("\n")) if found else rootdir


def checkout_of(folder: Path, workdir: Path) -> Checkout:
    """Find the files that git tracks or would track; without git, all but those of usual caches.

    The folder of all sessions, ``workdir``, is left out.

    Raises:
        BadInput: it belongs to a repository, and git does not answer.
    """
    facts: Dict[str, Fact] = {}
    for name in _names(folder):
        path = folder / name
        if not _NEVER.isdisjoint(Path(name).parts) or workdir == path or workdir in path.parents:
            continue
        try:
            status = path.lstat()
        except OSError:
            continue  # tracked, and gone from the work tree
        link = path.is_symlink()
        if link or path.is_file():
            facts[name] = [status.st_size, status.st_mtime_ns, int(bool(status.st_mode & 0o100)), int(link)]
    return Checkout(folder, facts)


def _names(folder: Path) -> Iterator[str]:
    listed = git(folder, "ls-files", "-co", "--exclude-standard", "-z")
    if listed is None and any((each / ".git").exists() for each in (folder, *folder.parents)):
        raise BadInput(
            f"{folder} cannot be pushed",
            "git does not say which files belong to it, and what it ignores may be private",
            f"see what it says: git -C {shlex.quote(str(folder))} ls-files",
        )
    if listed is None:
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in _NEVER]
            links = [name for name in folders if (Path(place) / name).is_symlink()]
            yield from (os.path.relpath(os.path.join(place, name), folder) for name in (*files, *links))  # noqa: PTH118 - of text
        return
    for name in filter(None, listed.split("\0")):
        inner = folder / name
        if inner.is_dir() and not inner.is_symlink():  # a submodule, or another repository
            if (inner / ".git").exists():  # else git would list the outer one again, without end
                yield from (os.path.join(name, each) for each in _names(inner))  # noqa: PTH118 - of text
        else:
            yield name
