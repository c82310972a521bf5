"""The command line of pytest that a session saves, for its jobs and for the client that resumes it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import List, Optional, Set

import pytest

from pjm import suggest
from pjm.errors import BadInput
from pjm.sessions import index
from pytest_pjm import LATEST, spread, workdir


def own_arguments(config: pytest.Config) -> List[str]:
    """The command line without the options that are about this session only."""
    of_session = ("--fugaku-resume", "--fugaku-detach", "--fugaku-dry-run")
    words = spread([str(argument) for argument in config.invocation_params.args])
    return [word for word in words if word.partition("=")[0] not in of_session]


def bring_back(early_config: pytest.Config, parser: pytest.Parser, args: List[str], resume: int) -> None:
    """Put the command line of the resumed session before `args`; `args[resume]` is `--fugaku-resume`.

    Raises:
        BadInput: see `saved_arguments`.
    """
    word, identity = args[resume], LATEST
    if "=" in word:
        identity = word.partition("=")[2] or LATEST
    elif resume + 1 < len(args) and index.IDENTITY.fullmatch(args[resume + 1]):
        identity = args.pop(resume + 1)
    args[resume] = f"--fugaku-resume={identity}"  # so that a path after the option is not taken for an ID
    early_config.option.fugaku = True  # implied; it is set for all options only later
    early_config.option.fugaku_workdir = parser.parse_known_args(list(args)).fugaku_workdir
    saved = saved_arguments(workdir(early_config), identity, early_config.invocation_params.dir)
    # pytest would collect a file that is given twice a second time.
    repeated = _places(parser, saved) & _places(parser, args)
    args[:0] = [word for word in saved if word not in repeated]
    early_config._pjm_arguments = saved  # type: ignore[attr-defined]


def _places(parser: pytest.Parser, arguments: List[str]) -> Set[str]:
    """The files, folders and node ids of a command line."""
    words = parser.parse_known_args(list(arguments)).file_or_dir
    return {word for word in words if Path(word.partition("::")[0]).exists()}


def resumed_arguments(config: pytest.Config) -> Optional[List[str]]:
    """The command line that began the resumed session; None if no session is resumed."""
    arguments: Optional[List[str]] = getattr(config, "_pjm_arguments", None)
    return arguments


def saved_arguments(workdir: Path, identity: str, folder: Path) -> List[str]:
    """The command line that began a session, to be used again in the same folder.

    Raises:
        BadInput: there is no such session, or it was begun in another folder, to which its paths are relative.
    """
    session = index.find(workdir, None if identity == LATEST else identity)
    start = Path(str(session.facts.get("start", folder)))
    if start.resolve() != folder.resolve():
        raise BadInput(
            f"session {session.identity} was begun in another folder",
            f"the paths of its command line start from {start}, and this is {folder}",
            f"type: cd {shlex.quote(str(start))} && {suggest.resume(session.folder, start)}"
            if start.is_dir()
            else f"move the project back to {start}, and type the same there",
        )
    return [str(argument) for argument in session.facts["arguments"]]
