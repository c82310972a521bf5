"""The trained weights that belong to a baseline, and the folders of a recording's runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, List, Mapping, Optional

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import replacing
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.proposals import Proposal
from mnist_repro.gate.baselines.values import SampleEntry, same_values
from mnist_repro.runs import run_json
from mnist_repro.runs.metrics import metric_values
from mnist_repro.runs.run_json import WEIGHTS

# The only run whose weights are kept; its seed is 0.
_RECIPE, _RUNG = "wheel-softmax", "full"
_CONDITIONS = {"dataset": "mnist", "arithmetic": "original"}


def keeps_weights(recipe: str, rung: str, conditions: Mapping[str, str]) -> bool:
    """Whether the trained weights of seed 0 are part of this baseline."""
    return (recipe, rung, conditions) == (_RECIPE, _RUNG, _CONDITIONS)


def runs_folder(
    folder: Path, recipe: str, rung: str, conditions: Mapping[str, str], provenance: Mapping[str, Any]
) -> Path:
    """The folder of a recording's runs; its name has all that the runs must have in common. Seed N is in `seed-N`."""
    platform = re.sub(r"[^A-Za-z0-9_.]+", "-", str(provenance["platform"]))
    name = "-".join((rung, *conditions.values(), platform))
    return baseline_files.private_folder(folder) / recipe / name / str(provenance["code"])


def keep(folder: Path, proposal: Proposal) -> None:
    """Put the weights that belong to proposed samples beside the stored ones."""
    for weights in weights_to_keep(folder, proposal):
        with replacing(folder / _RECIPE / WEIGHTS) as temporary:
            shutil.copyfile(str(weights), str(temporary))


def weights_to_keep(folder: Path, proposal: Proposal) -> List[Path]:
    """The weight files of seed 0 for the proposed entries that keep weights.

    Raises:
        BadInput: they are no longer there.
    """
    recipe, _, rung = proposal.stored.name.partition("/")
    there = (folder / recipe / WEIGHTS).is_file()
    files = []
    for entry, old in proposal.pairs():
        if there and old is not None and same_values(old, entry):
            continue
        if isinstance(entry, SampleEntry) and keeps_weights(recipe, rung, entry.conditions):
            place = _seed_0(folder, entry)
            if place is None:
                raise BadInput(
                    f"the run of seed 0 that {recipe} {rung} is proposed from is no longer there",
                    f"its trained weights belong to the baseline, as {folder / recipe / WEIGHTS}",
                    f"mnist-repro baseline record {recipe} --rung {rung}",
                )
            files.append(place / WEIGHTS)
    return files


def _seed_0(folder: Path, entry: SampleEntry) -> Optional[Path]:
    """The folder of the run that gave the entry's samples of seed 0, if its weights are there; else None."""
    try:
        place = runs_folder(folder, _RECIPE, _RUNG, entry.conditions, entry.provenance) / "seed-0"
        same = metric_values(run_json.read(place)) == entry.samples.get(0)
    except (KeyError, BadInput):
        return None
    return place if same and (place / WEIGHTS).is_file() else None
