"""Builds the commands that messages tell the user to type; each finds its session and selects the needed tests."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from pjm.errors import BadInput
from pjm.user_settings import user_settings

DEFAULT = ".pjm"
HERE = Path()


def nearest(start: Path = HERE) -> Path:
    """The sessions' folder of the project that `start` belongs to; `start` is the current folder by default.

    Raises:
        BadInput: the file of the user's own settings, which may name the folder, is wrong.
    """
    default = Path(os.path.expanduser(str(user_settings().get("workdir") or DEFAULT)))  # noqa: PTH111 - as it is without a home
    candidates = (start / default, *(folder / default for folder in start.resolve().parents))
    return next((folder for folder in candidates if folder.is_dir()), default)


def resume(folder: Path, start: Path = HERE) -> str:
    """The command that resumes the session in `folder`, when it is typed in `start`."""
    return f"pytest --fugaku-resume={folder.name}{_where('--fugaku-workdir', folder.parent, start)}"


def again(facts: Mapping[str, Any], start: Path = HERE) -> str:
    """The command that began a session, without --fugaku-dry-run, when it is typed in `start`."""
    words = [str(word) for word in facts["arguments"]]
    sends = {"--fugaku", "--fugaku-emulate"}.intersection(words)
    command = " ".join(["pytest", *([] if sends else ["--fugaku"]), *map(shlex.quote, words)])
    begun = facts.get("start")
    there = not isinstance(begun, str) or Path(begun).resolve() == start.resolve()
    return command if there else f"cd {shlex.quote(str(begun))} && {command}"


def with_variables(command: str, variables: Mapping[str, Optional[str]]) -> str:
    """A command with these variables set; variables that are None are unset."""
    without = [f"-u {name}" for name, value in variables.items() if value is None]
    values = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    return " ".join([*(["env", *without] if without else []), *values, command])


def pjm(words: str, workdir: Path) -> str:
    """A command of `pjm`."""
    return f"pjm {words}{_where('--workdir', workdir)}"


def run(tests: Sequence[str], *options: str) -> str:
    """The command that runs tests, given by node id. A test needs the tests that it waits for to be selected too."""
    return " ".join(["pytest", *options, *map(shlex.quote, tests)])


def _where(option: str, workdir: Path, start: Path = HERE) -> str:
    """The option that names `workdir`; empty if the folder is reachable from `start` without it."""
    reachable = False
    # Wrong settings, or a current folder that is gone, must not keep a message from its reader.
    with contextlib.suppress(BadInput, OSError):
        reachable = workdir.resolve() == nearest(start).resolve()
    return "" if reachable else f" {option}={shlex.quote(str(workdir.absolute()))}"
