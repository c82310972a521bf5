"""Runs that are kept: the folder of each, whether it is whole, and whether it equals a new run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

from mnist_repro.data.dataset import UNRECOGNISED, Dataset
from mnist_repro.errors import BadInput
from mnist_repro.execution import code_digest
from mnist_repro.execution.components import DIGITS, Assignment, read_kept
from mnist_repro.execution.workers import Task, provenance_there
from mnist_repro.files.atomic import remove_unfinished
from mnist_repro.files.locks import alone_in
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import ESTIMATED, TRAINED

# Provenance that equal runs share, in addition to recipe, seed, scale, arithmetic and data.
SAME = ("code", "machine", "tensorflow", "keras", "threads", "switches")


def run_folder(out: Path, assignment: Assignment, dataset: Dataset) -> Path:
    """The folder of a run: ``OUT/RECIPE/DATASET-SCALE-ARITHMETIC/seed-N``, so that runs of two kinds never share one.

    Data without a name have the first digits of their SHA-256.
    """
    data = f"data-{dataset.sha256[:DIGITS]}" if dataset.name == UNRECOGNISED else dataset.name
    kind = f"{data}-{assignment.scale}-{assignment.arithmetic}"
    return out / assignment.recipe.name / kind / f"seed-{assignment.seed}"


def is_whole(folder: Path) -> bool:
    """Whether a folder has every file of a run that was trained and scored, and none of them is empty."""
    files = [folder / name for name in (*TRAINED, *ESTIMATED)]
    return all(file.is_file() and file.stat().st_size > 0 for file in files)


def differences(run: Run, assignment: Assignment, sha256: str, here: Mapping[str, Any]) -> List[str]:
    """What a new run would have that a kept run has not, in words; none if the new run would equal it.

    ``here`` is the provenance of the new run, ``code`` included.
    """
    pairs = [
        ("recipe", run.recipe, assignment.recipe.name),
        ("seed", run.seed, assignment.seed),
        ("scale", run.scale, assignment.scale),
        ("arithmetic", run.arithmetic, assignment.arithmetic),
        ("data", run.dataset["sha256"][:DIGITS], sha256[:DIGITS]),
        *((name, run.provenance.get(name, "not recorded"), here.get(name)) for name in SAME),
    ]
    return [f"{name} {kept}, here {new}" for name, kept, new in pairs if kept != new]


def kept_runs(tasks: Sequence[Task], sha256: str, ask_here: Callable[[], Mapping[str, Any]]) -> Dict[Task, Run]:
    """The whole runs in the folders of new runs that would equal them.

    If there is a whole run, ``ask_here`` is called for the provenance of the new ones.

    Raises:
        BadInput: a whole run differs from the new one, or cannot be read.
    """
    kept = {task: read_kept(task.folder) for task in tasks if is_whole(task.folder)}
    if not kept:
        return {}
    here = ask_here()
    others = []
    for task, run in kept.items():
        code = code_digest.of_recipe(str(here["code"]), task.assignment.recipe)
        others.append((task, differences(run, task.assignment, sha256, {**here, "code": code})))
    others = [(task, words) for task, words in others if words]
    if others:
        task, words = others[0]
        more = f", and so do {len(others) - 1} more" if len(others) > 1 else ""
        raise BadInput(
            f"{task.folder} holds a run that differs from a new one{more}: {'; '.join(words)}",
            "runs of other code or of another platform are neither counted among the new ones nor replaced in silence",
            "--out another folder, or --again to train them again and replace them",
        )
    for task in kept:
        _remove_leftovers(task.folder)
    return kept


def provenance_here() -> Dict[str, Any]:
    """The provenance of new runs: of a worker process, and of this code."""
    return {**provenance_there(), "code": code_digest.of_this_process()}


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left beside a whole run, unless another process is at work there."""
    with contextlib.suppress(BadInput), alone_in(folder):
        remove_unfinished(folder)
