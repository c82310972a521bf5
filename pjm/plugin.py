"""The functions of this package that `pytest_pjm` calls. Also a second name of the plugin, for `-p pjm.plugin`.

`pytest_pjm` imports this module by name, after it has checked that the name leads to this package.
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
    """Put the command line of the resumed session before ``args``; ``args[place]`` is ``--fugaku-resume``."""
    from pjm.client import command_line

    command_line.bring_back(early_config, parser, args, place)


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
    """Make the marked tests keep to `after=` when they run in this process.

    Raises:
        BadInput: a mark is invalid.
    """
    from pjm.client import local_after

    local_after.keep_order(session)


def begin_artifacts(root: Path, nodeid: str) -> Artifacts:
    """The artifacts of a test that is about to run."""
    from pjm.job.artifacts import Artifacts

    artifacts = Artifacts(root, nodeid)
    artifacts.begin()
    return artifacts
