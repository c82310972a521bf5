"""Finds runs and reads those that can be shown; one that cannot is named and left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.recipes import find
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
    """A run of one of our recipes.

    Raises:
        BadInput: it is none, cannot be read, or is far too large.
    """
    _require_modest(file)
    run = read(file)
    find(run.recipe)
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
