"""Joins what the tests of this project are run with: the harness, and batch jobs."""

from __future__ import annotations

import os
from typing import List

import pytest

# Before NumPy is imported. The trainings of the session keep all cores busy, and where threads of one small product
# wait for each other, it takes twenty times as long.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

pytest_plugins = ("mnist_repro.pytest_plugin", "pytest_pjm", "pytester")


def pytest_configure(config: pytest.Config) -> None:
    """With --fugaku train at full scale, on an emulated Fugaku at the subset scale, unless --repro-scale says else."""
    option = config.option
    if option.repro_scale is None and option.fugaku:
        option.repro_scale = "subset" if option.fugaku_emulate else "full"
    if config.pluginmanager.hasplugin("pjm.worker_plugin"):
        option.gate_report = option.repro_report = (
            None  # written once, by the session that gets the reports of all jobs
        )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """With --fugaku nothing is trained here for the tests that jobs will run."""
    if config.pluginmanager.hasplugin("pjm.client"):
        from mnist_repro.pytest_plugin import ELSEWHERE  # after pytest itself, which rewrites its assertions

        for item in items:
            item.stash[ELSEWHERE] = item.get_closest_marker("fugaku") is not None
