"""Finds runs, reads those that can be shown, and sorts them; one that cannot be read is named and left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.gate.platform import platform_name
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.recipe import ARITHMETICS, SCALES
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import FILE, read

LARGEST_FILE = 32 << 20

Key = Tuple[str, str, str, str, str]


@dataclass(frozen=True)
class FoundRun:
    """A run, and the folder that holds it."""

    folder: Path
    run: Run


@dataclass(frozen=True)
class Sorted:
    """Runs in groups, with what was said while they were sorted.

    Args:
        groups: in the order of the recipes, each with its runs by seed.
        doubled: runs that had to give way to a later one of the same seed.
    """

    groups: Tuple[Tuple[FoundRun, ...], ...]
    doubled: Tuple[FoundRun, ...]


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
            "pages and tables are made from runs",
            "mnist-repro reproduce --all --seeds 3 --out FOLDER, then name that folder",
        )
    # By its own name and through a link, a file is met twice.
    once: Dict[str, Path] = {}
    for file in files:
        once.setdefault(os.path.realpath(str(file)), file)
    found = []
    for file in once.values():
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


def sort(found: Sequence[FoundRun]) -> Sorted:
    """Runs of one recipe, scale, arithmetic, dataset and platform together; of the same seed the last to finish."""
    places: Dict[Key, Dict[int, FoundRun]] = {}
    doubled: List[FoundRun] = []
    for each in sorted(found, key=_finished):
        seeds = places.setdefault(_key(each.run), {})
        if each.run.seed in seeds:
            doubled.append(seeds[each.run.seed])
        seeds[each.run.seed] = each
    order = [*RECIPES, *SCALES, *ARITHMETICS]
    keys = sorted(places, key=lambda key: ([order.index(word) for word in key[:3]], key[3:]))
    return Sorted(tuple(tuple(places[key][seed] for seed in sorted(places[key])) for key in keys), tuple(doubled))


def _key(run: Run) -> Key:
    return (run.recipe, run.scale, run.arithmetic, run.dataset["sha256"], platform_name(run.provenance))


def _finished(found: FoundRun) -> Tuple[str, str]:
    return (str(found.run.provenance.get("finished", "")), str(found.folder))


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
