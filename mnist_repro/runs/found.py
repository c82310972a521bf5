"""Finds, reads and groups runs; a run that cannot be read is reported and left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.recipes import OWN, RECIPES
from mnist_repro.recipes.recipe import ARITHMETICS, SCALES
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run import Run, platform_name
from mnist_repro.runs.run_json import FILE, read

Key = Tuple[str, str, str, str, str]


@dataclass(frozen=True)
class FoundRun:
    """A run and its folder."""

    folder: Path
    run: Run


@dataclass(frozen=True)
class Sorted:
    """Runs in groups, and the runs that were left out.

    Args:
        groups: groups in the order of the recipes, each with its runs by seed.
        doubled: superseded runs: a newer run of the same group and seed exists.
    """

    groups: Tuple[Tuple[FoundRun, ...], ...]
    doubled: Tuple[FoundRun, ...]


def find_runs(places: Sequence[Path], problems: Problems) -> Tuple[FoundRun, ...]:
    """Every run in the named places, at any depth; runs that cannot be read go to ``problems``.

    Raises:
        BadInput: there is no ``run.json``, valid or not.
    """
    files: List[Path] = []
    for place in places:
        with problems.leaving_out():
            files += _files(place)
    if not files:
        # A place that is missing has a message of its own, which says more.
        for place in places:
            _files(place)
        raise BadInput(
            f"no {FILE} in {', '.join(map(str, places))}",
            "pages and tables are made from runs",
            "mnist-repro reproduce --all --seeds 3 --out FOLDER, then name that folder",
        )
    # A file can occur twice: by its own path, and through a link.
    by_real_path: Dict[str, Path] = {}
    for file in files:
        by_real_path.setdefault(os.path.realpath(str(file)), file)
    runs = []
    for file in by_real_path.values():
        with problems.leaving_out():
            runs.append(FoundRun(file.parent, read_sound(file)))
    return tuple(runs)


def read_sound(file: Path) -> Run:
    """Read the run of a known recipe from a file.

    Raises:
        BadInput: the recipe is unknown, or the file cannot be read.
    """
    run = read(file)
    if run.recipe not in RECIPES:
        raise BadInput(f"{file} is of the recipe {run.recipe!r}", f"the recipes are {', '.join(RECIPES)}", OWN)
    return run


def sort(runs: Sequence[FoundRun]) -> Sorted:
    """Group runs by recipe, scale, arithmetic, dataset and platform; of runs with one seed, keep the last to finish."""
    places: Dict[Key, Dict[int, FoundRun]] = {}
    doubled: List[FoundRun] = []
    for each in sorted(runs, key=_finished):
        seeds = places.setdefault(_key(each.run), {})
        if each.run.seed in seeds:
            doubled.append(seeds[each.run.seed])
        seeds[each.run.seed] = each
    order = [*RECIPES, *SCALES, *ARITHMETICS]
    keys = sorted(places, key=lambda key: ([_place(order, word) for word in key[:3]], key))
    return Sorted(tuple(tuple(places[key][seed] for seed in sorted(places[key])) for key in keys), tuple(doubled))


def _place(order: Sequence[str], word: str) -> int:
    """The place of a word in an order; recipes that are not known here come last."""
    return order.index(word) if word in order else len(order)


def _key(run: Run) -> Key:
    return (run.recipe, run.scale, run.arithmetic, run.dataset["sha256"], platform_name(run.provenance))


def _finished(located: FoundRun) -> Tuple[str, str]:
    return (str(located.run.provenance.get("finished", "")), str(located.folder))


def _files(place: Path) -> List[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise BadInput(f"there is no {place}", "a folder with runs was named", "name one that `ls` shows")
    # Not `rglob`: it fails on a folder without read permission.
    return sorted(Path(folder) / FILE for folder, _, names in os.walk(str(place)) if FILE in names)
