"""The command line of pytest as a session keeps it, for its jobs and for whoever comes back to it."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import pytest

from pjm import session as sessions
from pjm.options import LATEST


def own_arguments(config: pytest.Config) -> List[str]:
    """The command line without what is about this session only."""
    arguments: List[str] = []
    for argument in config.invocation_params.args:
        text = str(argument)
        if text.partition("=")[0] in ("--fugaku-resume", "--fugaku-detach", "--fugaku-dry-run"):
            continue
        arguments.append(text)
    return arguments


def resumed_arguments(config: pytest.Config) -> Optional[List[str]]:
    """The command line of the session that is resumed, with this one's after it."""
    found: Optional[List[str]] = getattr(config, "_pjm_arguments", None)
    return found


def saved_arguments(workdir: Path, identity: str) -> List[str]:
    """The command line with which a session was begun.

    Raises:
        BadInput: there is no such session.
    """
    session = sessions.find(workdir, None if identity == LATEST else identity)
    return [str(argument) for argument in session.facts["arguments"]]
