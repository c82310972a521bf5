"""The folder of the baselines, as commands name it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

BASELINES = Path("baselines")


def option(folder: Path) -> str:
    """What a command needs to mean this folder, such as `` --baselines ../stored``; empty where it means it anyway."""
    if os.path.abspath(str(folder)) == os.path.abspath(str(BASELINES)):  # noqa: PTH100 - for what is typed, `..` counts
        return ""
    return f" --baselines {shlex.quote(str(folder))}"
