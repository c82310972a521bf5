from __future__ import annotations

from pathlib import Path
from typing import Dict, Sequence, Tuple

import pytest

from mnist_repro.data.dataset import Dataset
from mnist_repro.power import study as power_study
from mnist_repro.power import trials
from mnist_repro.power.study import Plan
from mnist_repro.power.trials import Measurement, Trial
from mnist_repro.runs import run_json
from tests.builders import made_up_baselines as made
from tests.builders.made_up_trials import WHEEL, stored


def test_of_code_as_it_is_both_kinds_of_runs_are_made_and_more_of_those_compared(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, asked = Trial(WHEEL.name, None, tmp_path), []

    def measure(asked_for: Sequence[Tuple[Trial, Sequence[Measurement]]], *others: object) -> None:
        [(of, parts)] = asked_for
        asked.append([part.seed for part in of.missing(parts) if part.rung == "subset"])
        # Far enough from each other to be inconclusive.
        for seed in asked[-1]:
            run_json.write(made.run(seed, 0.05 + 0.02 * (-1) ** seed), tmp_path / "subset" / f"seed-{seed}", trials.RUN)

    monkeypatch.setattr(trials, "measure_all", measure)
    plan = Plan((), tmp_path, (WHEEL.name,), ("subset",), tmp_path, dataset, "", tmp_path, 1, made.HERE, "")
    seeds: Dict[Trial, Dict[str, int]] = {clean: {}}
    power_study._measure_scale(plan, "subset", [clean], {WHEEL.name: stored(paired=False)}, seeds, len)

    assert [[0, 1, 2, 3, 4, 15, 16, 17, 18, 19], [20, 21, 22, 23, 24]] == asked
    assert {clean: {"subset": 10}} == seeds
