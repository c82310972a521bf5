"""Every published figure against our stored runs of the published budget: does it lie where they say it should?"""

from __future__ import annotations

import pytest

from mnist_repro.gate.comparison import PUBLISHED
from mnist_repro.harness.fixture import Baseline, Measured
from mnist_repro.recipes import RECIPES


@pytest.mark.fugaku
@pytest.mark.parametrize("measured", [(recipe, PUBLISHED) for recipe in RECIPES], indirect=True, ids=list(RECIPES))
def test_published(baseline: Baseline, measured: Measured) -> None:
    baseline.check(measured)
