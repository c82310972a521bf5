"""The folder of the baselines, and the option that names it in commands."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

BASELINES = Path("baselines")


def option(folder: Path) -> str:
    """The option that makes a command use this folder, such as `` --baselines ../stored``; empty for the default."""
    if os.path.abspath(str(folder)) == os.path.abspath(str(BASELINES)):  # noqa: PTH100 - for what is typed, `..` counts
        return ""
    return f" --baselines {shlex.quote(str(folder))}"
