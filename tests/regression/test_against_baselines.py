"""Every recipe against its baselines: what it does, and what comes out of it."""

from __future__ import annotations

import pytest

from mnist_repro.gate.comparison import FINGERPRINT
from mnist_repro.harness.fixture import Baseline, Measured
from mnist_repro.recipes import RECIPES
from tests.builders.job_environment import job_environment

# With --fugaku: as long as the longest may take at full scale, five seeds of a CNN side by side on one node.
pytestmark = pytest.mark.fugaku(elapse="06:00:00", env=job_environment())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    pairs = [(recipe, rung) for rung in (FINGERPRINT, metafunc.config.option.repro_scale) for recipe in RECIPES]
    metafunc.parametrize("measured", pairs, indirect=True, ids=["-".join(pair) for pair in pairs])


def test_recipe(baseline: Baseline, measured: Measured) -> None:
    baseline.check(measured)
