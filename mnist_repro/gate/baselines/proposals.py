"""Proposed entries of baselines: stores those of recordings beside the baselines, and accepts them with a reason."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import replacing
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import RUNGS, BaselineEntry, BaselineFile, SampleEntry, accepted, same_values
from mnist_repro.gate.platform import platform_name
from mnist_repro.runs import run_json
from mnist_repro.runs.metrics import metric_values
from mnist_repro.runs.run_json import WEIGHTS

# The only run whose weights are kept: recipe, rung, dataset, arithmetic; its seed is 0.
_KEPT = ("wheel-softmax", "full", "mnist", "original")


@dataclass(frozen=True)
class Proposal:
    """The proposed entries for one file, and the file's stored entries.

    Args:
        stored: the current file.
        proposed: entries that would replace the stored entries with the same key.
    """

    stored: BaselineFile
    proposed: BaselineFile

    def pairs(self) -> Tuple[Tuple[BaselineEntry, Optional[BaselineEntry]], ...]:
        """Each proposed entry with the stored entry that it would replace, or None."""
        return tuple((entry, self.stored.entry(*entry.key)) for entry in self.proposed.entries)


def propose(folder: Path, recipe: str, rung: str, entry: BaselineEntry) -> Path:
    """Write a proposed entry beside the stored file; return its path. It replaces an earlier proposal of the same key.

    The lock of recipe and rung must be held.
    """
    proposed = baseline_files.read_proposed(folder, recipe, rung)
    return baseline_files.write_proposed(folder, proposed.with_entry(entry))


def find(folder: Path, recipe: str, rungs: Sequence[str] = RUNGS) -> List[Proposal]:
    """The proposals for a recipe.

    Raises:
        BadInput: a stored or proposed file of the recipe is not valid.
    """
    proposals = []
    for rung in rungs:
        proposed = baseline_files.read_proposed(folder, recipe, rung)
        if proposed.entries:
            proposals.append(Proposal(baseline_files.read(folder, recipe, rung), proposed))
    return proposals


def require_acceptable(folder: Path, proposal: Proposal) -> None:
    """Make sure, before any change, that `accept` has all files that it needs.

    Raises:
        BadInput: the weights that belong to the baseline are missing.
    """
    _weights_to_keep(folder, proposal)


def accept(folder: Path, proposal: Proposal, date: str, reason: str) -> List[str]:
    """Store the proposed entries with the change in their history, and remove the proposal. Returns a line per entry.

    If the process is killed at any point, every stored and every proposed value is in at least one file, and a second
    `accept` completes the change. The lock of recipe and rung must be held.

    Args:
        folder: folder of the baselines.
        proposal: the proposal that `find` returned.
        date: date of the change, ISO 8601.
        reason: reason of the change.

    Raises:
        BadInput: see `require_acceptable`; or the disk is full, and then nothing has changed.
    """
    recipe, rung = proposal.stored.recipe, proposal.stored.rung
    for weights in _weights_to_keep(folder, proposal):
        with replacing(folder / recipe / WEIGHTS) as temporary:
            shutil.copyfile(str(weights), str(temporary))
    after = accepted(proposal.stored, proposal.proposed, date, reason)
    if after != proposal.stored:
        baseline_files.write(folder, after)
    baseline_files.proposed_path(folder, recipe, rung).unlink()
    return [f"{recipe} {rung}, {', '.join(entry.key)}: {_change_text(entry, old)}" for entry, old in proposal.pairs()]


def keeps_weights(recipe: str, rung: str, dataset: str, arithmetic: str) -> bool:
    """Whether the trained weights of seed 0 are part of this baseline."""
    return (recipe, rung, dataset, arithmetic) == _KEPT


def runs_folder(folder: Path, recipe: str, rung: str, key: Sequence[str], provenance: Mapping[str, Any]) -> Path:
    """The folder of a recording's runs; its name has all that the runs must have in common. Seed N is in `seed-N`.

    Args:
        folder: folder of the baselines.
        recipe: name of the recipe.
        rung: ``subset`` or ``full``.
        key: dataset and arithmetic.
        provenance: versions, machine, and ``code``, the digest of the source that trains.
    """
    platform = re.sub(r"[^A-Za-z0-9_.]+", "-", platform_name(provenance))
    name = "-".join((rung, *key[:2], platform))
    return baseline_files.private_folder(folder) / recipe / name / str(provenance["code"])


def _weights_to_keep(folder: Path, proposal: Proposal) -> List[Path]:
    """The weight files of seed 0 for the proposed entries that keep weights."""
    recipe, rung = proposal.stored.recipe, proposal.stored.rung
    there = (folder / recipe / WEIGHTS).is_file()
    files = []
    for entry, old in proposal.pairs():
        if there and old is not None and same_values(old, entry):
            continue
        if keeps_weights(recipe, rung, *entry.key[:2]) and isinstance(entry, SampleEntry):
            place = _seed_0(folder, recipe, rung, entry)
            if place is None:
                raise BadInput(
                    f"the run of seed 0 that {recipe} {rung} is proposed from is no longer there",
                    f"its trained weights belong to the baseline, as {folder / recipe / WEIGHTS}",
                    f"mnist-repro baseline record {recipe} --rung {rung}",
                )
            files.append(place / WEIGHTS)
    return files


def _seed_0(folder: Path, recipe: str, rung: str, entry: SampleEntry) -> Optional[Path]:
    """The folder of the run that gave the entry's samples of seed 0, if its weights are there; else None."""
    try:
        place = runs_folder(folder, recipe, rung, entry.key, entry.provenance) / "seed-0"
        same = metric_values(run_json.read(place)) == entry.samples.get(0)
    except (KeyError, BadInput):
        return None
    return place if same and (place / WEIGHTS).is_file() else None


def _change_text(entry: BaselineEntry, old: Optional[BaselineEntry]) -> str:
    if old is None:
        return "stored for the first time"
    return "is stored already" if same_values(old, entry) else "stored; its history has what it replaced"
