"""Joins what the tests of this project are run with, and says which scale a batch job is for."""

from __future__ import annotations

import pytest

pytest_plugins = ("mnist_repro.pytest_plugin", "pjm.plugin", "pytester")


def pytest_configure(config: pytest.Config) -> None:
    """With --fugaku train at full scale, on an emulated Fugaku at the subset scale, unless --scale says else."""
    if config.option.scale is None and config.option.fugaku:
        config.option.scale = "subset" if config.option.fugaku_emulate else "full"
