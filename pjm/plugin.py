"""What `pytest_pjm` calls when a session needs this package; and another name of it, for `-p pjm.plugin`.

`pytest_pjm` imports this module by its name alone, after it has checked that it gets this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, List

from pjm.errors import BadInput as BadInput

if TYPE_CHECKING:
    import pytest

    from pjm.job.artifacts import Artifacts

pytest_plugins = ("pytest_pjm",)


def bring_back(early_config: pytest.Config, parser: pytest.Parser, args: List[str], place: int) -> None:
    """Put the command line of a session that is resumed before ``args``, which has ``--fugaku-resume`` at ``place``."""
    from pjm.client import command_line as arguments

    arguments.bring_back(early_config, parser, args, place)


def begin(config: pytest.Config, name: str) -> None:
    """Register the client, called ``name``, unless this command line runs no tests.

    Raises:
        BadInput: options that do not go together.
    """
    from pjm.client.conflicts import check_together, stays_here

    if stays_here(config.option):
        return
    from pjm.client.client import Client

    check_together(config.option)
    config.pluginmanager.register(Client(config), name)


def keep_order(session: pytest.Session) -> None:
    """Have the marked tests of a session that runs them here keep to `after=`.

    Raises:
        BadInput: a mark that cannot be meant.
    """
    from pjm.client import local_after as chains

    chains.keep_order(session)


def begin_artifacts(root: Path, nodeid: str) -> Artifacts:
    """The artifacts of a test that is about to run."""
    from pjm.job.artifacts import Artifacts

    artifacts = Artifacts(root, nodeid)
    artifacts.begin()
    return artifacts
