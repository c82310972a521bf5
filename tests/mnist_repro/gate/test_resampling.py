from __future__ import annotations

import numpy as np
import pytest

from mnist_repro.gate import resampling
from mnist_repro.gate import statistics as gate
from mnist_repro.gate.baselines.values import SampleEntry
from mnist_repro.gate.verdicts import Metric, worst
from mnist_repro.recipes import find
from mnist_repro.runs.metrics import metric_names
from tests.builders import made_up_baselines as made

VGG7 = find("vgg7")


def spread(margin: float, seeds: int = 16) -> SampleEntry:
    """A CNN's subset: three metrics with a standard deviation of about 1, and this margin."""
    generator = np.random.Generator(np.random.PCG64(7))
    names = metric_names(VGG7, "subset")
    samples = {seed: dict(zip(names, generator.normal(size=3).tolist())) for seed in range(seeds)}
    metrics = tuple(Metric(name, "lower", margin, "…") for name in names)
    return made.samples(metrics=metrics, samples=samples)


def test_wide_margins_never_alarm_and_narrow_ones_always_do() -> None:
    wide = resampling.false_alarms({"vgg7": spread(1000.0)}, sessions=50)
    narrow = resampling.false_alarms({"vgg7": spread(0.01)}, sessions=50)

    assert {"normal": {"first": 0.0, "auto": 0.0}, "smoothed": {"first": 0.0, "auto": 0.0}} == wide
    assert {"normal": {"first": 1.0, "auto": 1.0}, "smoothed": {"first": 1.0, "auto": 1.0}} == narrow


def test_more_seeds_alarm_less() -> None:
    shares = resampling.false_alarms({"vgg7": spread(2.0)}, sessions=200)["normal"]

    assert shares["auto"] < shares["first"]


def test_softmax_recipes_do_not_alarm_in_the_simulation() -> None:
    entry = made.samples(paired=True)

    assert 0.0 == resampling.false_alarms({"wheel-softmax": entry}, sessions=5)["smoothed"]["first"]


def test_seed_by_seed_any_drop_beyond_the_margin_is_seen() -> None:
    drops = resampling.smallest_drops("wheel-softmax", made.samples(paired=True))

    assert [(1e-6, 1e-6)] * 3 == [(drop.at_first, drop.auto) for drop in drops]


def test_a_drop_far_beyond_the_margin_is_seen_and_one_far_below_is_not() -> None:
    first, *_ = resampling.smallest_drops("vgg7", spread(20.0), sessions=300)

    assert 10.0 < first.auto < 22.0
    assert first.clean_at_first > 0.9


def test_a_simulated_session_passes_just_when_the_gate_passes_it() -> None:
    entry, generator = spread(6.0), np.random.Generator(np.random.PCG64(3))
    theirs = generator.normal(size=(16, 3))
    by_gate, simulated = [], []
    for _ in range(40):
        ours = generator.normal(scale=1.5, size=(5, 3)) + generator.normal(scale=2.0)
        columns = [(dict(enumerate(theirs[:, at])), dict(enumerate(ours[:, at]))) for at in range(3)]
        verdicts = [
            gate.compare_distributions(metric, *column, 3).verdict for metric, column in zip(entry.metrics, columns)
        ]
        by_gate.append(worst(verdicts).passes)
        ends = resampling._ends(ours.T, theirs.T, gate.LEVEL)[np.newaxis, np.newaxis]
        simulated.append(bool(resampling.passes(ends, np.full(3, 6.0), entry.metrics)[0]))

    assert by_gate == simulated
    assert {True, False} == set(by_gate)


def test_drawn_rows_have_the_spread_of_the_stored_ones() -> None:
    stored_rows = np.array(made.SPREAD)[:, np.newaxis]
    generator = np.random.Generator(np.random.PCG64(1))

    for make in (resampling._normal, resampling.smoothed):
        drawn = make(stored_rows, generator)(20_000)
        assert stored_rows.mean() == pytest.approx(drawn.mean(), abs=5e-5)
        assert stored_rows.std() == pytest.approx(drawn.std(), rel=0.1)
