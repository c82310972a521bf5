"""How often a verdict or a drift is wrong, over thousands of simulated sessions."""

from __future__ import annotations

import math

import numpy as np

from mnist_repro.gate.one_run import FALSE_ALARMS, MATTERS, MISSES, compare_with_one_run
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.trend.drift import clearest


def test_levels_of_one_published_run_hold_for_normal_samples() -> None:
    """Without a difference a figure is hardly ever "not reproduced"; with one that matters, seldom "reproduced"."""
    generator = np.random.Generator(np.random.PCG64(20200401))
    sessions = 4000
    shares = {}
    for shift, unwanted in ((0.0, Verdict.NOT_REPRODUCED), (MATTERS, Verdict.REPRODUCED)):
        draws = generator.normal(size=(sessions, 20))
        # Runs 0 to 15 are stored, 16 to 18 are measured, and 19 is published.
        verdicts = (
            compare_with_one_run(
                "loss", run[19] + shift, dict(enumerate(run[16:19], 100)), dict(enumerate(run[:16])), comparisons=1
            ).verdict
            for run in draws
        )
        shares[shift] = sum(verdict is unwanted for verdict in verdicts) / sessions

    # Three standard errors above the level.
    assert shares[0.0] <= FALSE_ALARMS + 3 * math.sqrt(FALSE_ALARMS / sessions)
    assert shares[MATTERS] <= MISSES + 3 * math.sqrt(MISSES / sessions)
    assert min(shares.values()) > 0.001


def test_a_trend_page_of_metrics_that_do_not_move_names_none_in_99_of_100() -> None:
    chance = np.random.default_rng(20)
    pages, metrics = 200, 12
    named = sum(any(clearest(chance.normal(size=3000), metrics) for _ in range(metrics)) for _ in range(pages))

    assert named <= pages // 100
