"""A second name of the plugin `pytest_pjm`, for `-p pjm.plugin`."""

from __future__ import annotations

pytest_plugins = ("pytest_pjm",)
