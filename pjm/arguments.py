"""The command line of pytest as a session keeps it, for its jobs and for whoever comes back to it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import pytest

from pjm import advice, sessions
from pjm.errors import BadInput
from pjm.options import LATEST, spread

_SAYS = ("--quiet", "--verbose", "--verbosity")
_SHORT = re.compile("-[qvxsl]+")  # pytest's options of one letter that take no value


def own_arguments(config: pytest.Config) -> List[str]:
    """The command line without what is about this session only."""
    arguments: List[str] = []
    for text in spread([str(argument) for argument in config.invocation_params.args]):
        if text.partition("=")[0] in ("--fugaku-resume", "--fugaku-detach", "--fugaku-dry-run"):
            continue
        arguments.append(text)
    return arguments


def resumed_arguments(config: pytest.Config) -> Optional[List[str]]:
    """The command line with which the session that is resumed was begun; None if none is."""
    found: Optional[List[str]] = getattr(config, "_pjm_arguments", None)
    return found


def saved_arguments(workdir: Path, identity: str, folder: Path) -> List[str]:
    """The command line with which a session was begun, to be used again in the same folder.

    Raises:
        BadInput: there is no such session, or it was begun in another folder, which its paths start from.
    """
    session = sessions.find(workdir, None if identity == LATEST else identity)
    start = Path(str(session.facts.get("start", folder)))
    if start.resolve() != folder.resolve():
        raise BadInput(
            f"session {session.identity} was begun in another folder",
            f"the paths of its command line start from {start}, and this is {folder}",
            f"type: cd {shlex.quote(str(start))} && {advice.resume(session.folder, start)}",
        )
    return [str(argument) for argument in session.facts["arguments"]]


def without_repetition(saved: Sequence[str], typed: Sequence[str]) -> List[str]:
    """A session's command line for who comes back: how much pytest says is not added up, the later word holds."""
    return _quiet_or_verbose(saved)[1] if _quiet_or_verbose(typed)[0] else list(saved)


def _quiet_or_verbose(words: Sequence[str]) -> Tuple[bool, List[str]]:
    """Whether a command line says how much pytest is to say, and the command line without that."""
    said, rest, value = False, [], False
    for word in words:
        less = word
        if value or word in _SAYS or word.startswith("--verbosity="):
            less = ""
        elif _SHORT.fullmatch(word):
            less = re.sub("[qv]", "", word)
        value = word == "--verbosity" and not value
        said = said or less != word
        rest += [less] if less not in ("", "-") or less == word else []
    return said, rest
