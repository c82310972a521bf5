"""The commands that messages tell their reader to type: they find the sessions and select enough tests."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Sequence

DEFAULT = Path(".pjm")


def nearest() -> Path:
    """Where the sessions of the project are that the present folder belongs to."""
    candidates = (DEFAULT, *(folder / DEFAULT for folder in Path.cwd().parents))
    return next((folder for folder in candidates if folder.is_dir()), DEFAULT)


def resume(folder: Path) -> str:
    """What comes back to a session, whose folder is given."""
    return f"pytest --fugaku-resume={folder.name}{_where('--fugaku-workdir', folder.parent)}"


def pjm(words: str, workdir: Path) -> str:
    """A command of `pjm`."""
    return f"pjm {words}{_where('--workdir', workdir)}"


def run(tests: Sequence[str], *options: str) -> str:
    """What runs these tests, given by their node ids: with a test, those that it waits for have to be selected."""
    return " ".join(["pytest", *options, *map(shlex.quote, tests)])


def _where(option: str, workdir: Path) -> str:
    """An option for a folder that is not found without it."""
    found = workdir.resolve() == nearest().resolve()
    return "" if found else f" {option}={shlex.quote(str(workdir.absolute()))}"
