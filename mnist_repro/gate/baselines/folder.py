"""The folder of the baselines: the option that names it in commands, and the refusal to write it in CI."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from mnist_repro.errors import BadInput

BASELINES = Path("baselines")
# Services of continuous integration set it. There, no person can give the reason of a change.
CI_VARIABLE = "CI"


def option(folder: Path) -> str:
    """The option that makes a command use this folder, such as `` --baselines ../stored``; empty for the default."""
    if os.path.abspath(str(folder)) == os.path.abspath(str(BASELINES)):  # noqa: PTH100 - for what is typed, `..` counts
        return ""
    return f" --baselines {shlex.quote(str(folder))}"


def require_writable_baselines(action: str) -> None:
    """Refuse an action that would write baselines in CI.

    Raises:
        BadInput: `CI` is set.
    """
    value = os.environ.get(CI_VARIABLE, "")
    if value.lower() not in ("", "0", "false"):
        raise BadInput(
            f"{action} does nothing here: {CI_VARIABLE}={value}",
            "in CI baselines are read-only, so that no run can make its own result the expected one",
            f"do it where you can review it and commit the change; if this is no CI, `unset {CI_VARIABLE}`",
        )
