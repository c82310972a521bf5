"""Another name of `pytest_pjm`, for `-p pjm.plugin` and a conftest.py that lists it."""

from __future__ import annotations

pytest_plugins = ("pytest_pjm",)
