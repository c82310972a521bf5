"""Finds runs and reads those that can be shown; one that cannot is named and left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, List, Sequence, Tuple

from mnist_repro.baselines import platform_name
from mnist_repro.errors import BadInput
from mnist_repro.evaluation import Evaluation
from mnist_repro.recipes import find
from mnist_repro.recipes.recipe import ARITHMETICS, SCALES
from mnist_repro.report.problems import Problems
from mnist_repro.run import FILE, Run, read

LARGEST_FILE = 32 << 20


@dataclass(frozen=True)
class FoundRun:
    """A run, and the folder that holds it."""

    folder: Path
    run: Run


def find_runs(places: Sequence[Path], problems: Problems) -> Tuple[FoundRun, ...]:
    """Every run in the places named, at any depth; those that cannot be read go to ``problems``.

    Raises:
        BadInput: there is not one ``run.json``, whole or not.
    """
    files: List[Path] = []
    for place in places:
        with problems.leaving_out():
            files += _files(place)
    if not files:
        raise BadInput(
            f"no {FILE} in {', '.join(map(str, places))}",
            "the page is made from runs",
            "mnist-repro reproduce --all --seeds 3, then: mnist-repro report",
        )
    found = []
    for file in dict.fromkeys(files):
        with problems.leaving_out():
            found.append(FoundRun(file.parent, read_sound(file)))
    return tuple(found)


def read_sound(file: Path) -> Run:
    """A run all of whose parts fit together, so that nobody has to check again.

    Raises:
        BadInput: it cannot be read, or holds what no run of ours does.
    """
    _require_modest(file)
    run = read(file)
    find(run.recipe)
    for what, found, sound in _checks(run):
        if not _holds(sound):
            raise BadInput(
                f"{file} is not a sound run: {what} is {_shown(found)}",
                "figures of different kinds cannot be shown side by side",
                f"train it again: mnist-repro train {run.recipe} --out DIR",
            )
    return run


def _files(place: Path) -> List[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise BadInput(f"there is no {place}", "a folder with runs was named", "name one that `ls` shows")
    # Not rglob, which fails on a folder that may not be read.
    return sorted(Path(folder) / FILE for folder, _, names in os.walk(str(place)) if FILE in names)


def _require_modest(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror}", "a run keeps its figures there", "remove it") from error
    if size > LARGEST_FILE:
        raise BadInput(f"{file} has {size:,} bytes", f"runs have a few thousand, at most {LARGEST_FILE:,}", "remove it")


def _checks(run: Run) -> List[Tuple[str, Any, Callable[[], Any]]]:
    unit = find(run.recipe).full.budget.unit
    evaluations = [score.test for score in run.scores]
    return [
        ("scale", run.scale, lambda: run.scale in SCALES),
        ("arithmetic", run.arithmetic, lambda: run.arithmetic in ARITHMETICS),
        ("unit", run.unit, lambda: run.unit == unit),
        ("dataset", dict(run.dataset), lambda: {"name", "sha256"} <= set(run.dataset)),
        ("number of scores", len(run.scores), lambda: run.scores),
        ("a confusion", "not ten rows of ten counts", lambda: all(map(_is_confusion, evaluations))),
        ("wrong images", "more or fewer than the confusion", lambda: all(map(_is_consistent, evaluations))),
        ("provenance", "without machine, TensorFlow and Keras", lambda: platform_name(run.provenance)),
        ("time", run.provenance.get("seconds"), lambda: float(run.provenance.get("seconds", 0.0)) >= 0.0),
    ]


def _is_confusion(evaluation: Evaluation) -> bool:
    rows = evaluation.confusion
    return len(rows) == 10 and all(len(row) == 10 and min(row) >= 0 for row in rows)


def _is_consistent(evaluation: Evaluation) -> bool:
    wrong = sum(sum(row) - row[label] for label, row in enumerate(evaluation.confusion))
    images = evaluation.wrong_images
    return wrong == len(images) and (not images or min(images) >= 0)


def _holds(sound: Callable[[], Any]) -> bool:
    try:
        return bool(sound())
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return False


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
