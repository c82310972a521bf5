"""The commands that messages tell their reader to type: they find the sessions and select enough tests."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Mapping, Optional, Sequence

DEFAULT = Path(".pjm")
HERE = Path()


def nearest(start: Path = HERE) -> Path:
    """Where the sessions of the project are that a folder belongs to, the present one if none is given."""
    candidates = (start / DEFAULT, *(folder / DEFAULT for folder in start.resolve().parents))
    return next((folder for folder in candidates if folder.is_dir()), DEFAULT)


def resume(folder: Path, start: Path = HERE) -> str:
    """What comes back to a session, whose folder is given, for who types it in `start`."""
    return f"pytest --fugaku-resume={folder.name}{_where('--fugaku-workdir', folder.parent, start)}"


def with_variables(command: str, variables: Mapping[str, Optional[str]]) -> str:
    """A command in an environment with these variables; without those that are None."""
    without = [f"-u {name}" for name, value in variables.items() if value is None]
    values = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    return " ".join([*(["env", *without] if without else []), *values, command])


def pjm(words: str, workdir: Path) -> str:
    """A command of `pjm`."""
    return f"pjm {words}{_where('--workdir', workdir)}"


def run(tests: Sequence[str], *options: str) -> str:
    """What runs these tests, given by their node ids: with a test, those that it waits for have to be selected."""
    return " ".join(["pytest", *options, *map(shlex.quote, tests)])


def _where(option: str, workdir: Path, start: Path = HERE) -> str:
    """An option for a folder that is not found from `start` without it."""
    found = workdir.resolve() == nearest(start).resolve()
    return "" if found else f" {option}={shlex.quote(str(workdir.absolute()))}"
