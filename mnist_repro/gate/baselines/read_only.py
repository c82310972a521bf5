"""Refuses to write baselines in continuous integration, where nobody can give the reason of a change."""

from __future__ import annotations

import os
from typing import Mapping

from mnist_repro.errors import BadInput

VARIABLE = "CI"


def in_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is continuous integration: its services set `CI`."""
    return environment.get(VARIABLE, "").lower() not in ("", "0", "false")


def require_writable_baselines(action: str) -> None:
    """Refuse an action that would write baselines in CI.

    Raises:
        BadInput: `CI` is set.
    """
    if in_ci():
        raise BadInput(
            f"{action} does nothing here: {VARIABLE}={os.environ[VARIABLE]}",
            "in CI baselines are read-only, so that no run can make its own result the expected one",
            f"do it where you can review it and commit the change; if this is no CI, `unset {VARIABLE}`",
        )
