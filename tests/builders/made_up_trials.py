"""Trials of `mnist-repro power` that nobody measured, and the baselines to compare them with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from mnist_repro.execution import fingerprint
from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.power import table as power
from mnist_repro.power import trials
from mnist_repro.power.table import Row, Stored
from mnist_repro.power.trials import Trial
from mnist_repro.recipes import find
from mnist_repro.runs import run_json
from tests.builders import made_up_baselines as made

WHEEL = find("wheel-softmax")


EXACT, LOSSES = {"steps": 9380, "images in the last batch": 96}, {"loss of step 1": 2.5, "loss of step 2": 2.25}
# The losses of the first stored seeds.
FIRST = (0.0488, 0.0504, 0.0517, *made.SPREAD[:2])


def stored(paired: bool = True) -> Stored:
    entry = made.samples((*FIRST, *made.SPREAD[2:]), paired=paired)
    files = {
        "fingerprint": made.fingerprints(),
        "subset": made.subset(entry),
        "full": BaselineFile(f"{WHEEL.name}/full", "samples"),
    }
    return Stored(files, "mnist")


def trial(
    folder: Path,
    losses: Sequence[float] = FIRST,
    exact: Mapping[str, int] = EXACT,
    bug: Optional[str] = "a-bug",
) -> Trial:
    """A trial whose results lie in its folder."""
    fingerprint.write(TakenFingerprint(WHEEL.name, "mnist", "original", exact, LOSSES, made.HERE), folder)
    for each in made.runs(losses):
        run_json.write(each, folder / "subset" / f"seed-{each.seed}", trials.RUN)
    return Trial(WHEEL.name, bug, folder)


def judged(measured: Trial, **options: Any) -> Row:
    return power.row(measured, "something is wrong", stored(**options), {"subset": 5})
