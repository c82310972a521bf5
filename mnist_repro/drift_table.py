"""Runs of several environments side by side: recipe by TensorFlow version, what each gives, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.baselines import platform_name
from mnist_repro.data.dataset import Dataset
from mnist_repro.display import counted
from mnist_repro.drift import Recognition, recognise
from mnist_repro.errors import BadInput
from mnist_repro.recipes import find
from mnist_repro.reproduction import Comparison, compare, testable
from mnist_repro.run import FILE, Run, read


@dataclass(frozen=True)
class Group:
    """Runs that should agree: of one recipe, scale, arithmetic, dataset and platform.

    Args:
        runs: by seed.
        comparisons: the published figures that they can test.
        drift: what explains a difference; None where the data that they saw is not at hand.
    """

    recipe: str
    arithmetic: str
    platform: str
    scale: str
    runs: Tuple[Run, ...]
    comparisons: Tuple[Comparison, ...]
    drift: Optional[Recognition]


HEADER = ("recipe", "arithmetic", "platform", "figure", "published", "measured", "sd", "seeds", "verdict")


def find_runs(places: Sequence[Path]) -> Tuple[Run, ...]:
    """Every run in the folders named, at any depth.

    Raises:
        BadInput: there is none, or one cannot be read.
    """
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob(FILE)))]
    if not files:
        raise BadInput(
            f"no {FILE} in {', '.join(map(str, places))}",
            "the table is made from runs",
            "mnist-repro reproduce --all --out FOLDER in each environment, then name the folders",
        )
    return tuple(read(file) for file in files)


def group(runs: Sequence[Run], dataset: Optional[Dataset], comparisons: Optional[int] = None) -> Tuple[Group, ...]:
    """The runs, sorted and compared; the level of the intervals is shared out among all figures shown together.

    Args:
        runs: all those of a table, or of a part of it.
        dataset: what they were trained on, to look for drift; None where it is not to be looked for.
        comparisons: how many figures are shown together; None if those of these runs.
    """
    sorted_out: Dict[Tuple[str, str, str, str, str], Dict[int, Run]] = {}
    for run in runs:
        key = (run.recipe, run.arithmetic, platform_name(run.provenance), run.scale, run.dataset["sha256"])
        sorted_out.setdefault(key, {})[run.seed] = run
    figures = {
        key: testable(find(key[0]), key[3], next(iter(seeds.values())).dataset["name"])
        for key, seeds in sorted_out.items()
    }
    together = sum(map(len, figures.values())) if comparisons is None else comparisons
    groups = []
    for key in sorted(sorted_out):
        mine = tuple(sorted_out[key][seed] for seed in sorted(sorted_out[key]))
        same_data = dataset is not None and dataset.sha256 == key[4]
        groups.append(
            Group(
                *key[:4],
                runs=mine,
                comparisons=compare(figures[key], mine, together),
                drift=recognise(find(key[0]), mine, dataset) if dataset is not None and same_data else None,
            )
        )
    return tuple(groups)


def rows(groups: Sequence[Group]) -> List[Sequence[str]]:
    """The cells of the table: a row for each published figure of each group."""
    cells: List[Sequence[str]] = []
    for each in groups:
        head = (each.recipe, each.arithmetic, each.platform)
        unit = each.runs[0].unit
        for comparison in each.comparisons:
            figure, values = comparison.figure, comparison.measured
            spread = f"{np.std(values, ddof=1):.5f}" if len(values) > 1 else "–"
            cells.append(
                (
                    *head,
                    f"test {figure.metric} after {counted(figure.after, unit)}",
                    f"{figure.value:.5f}",
                    f"{np.mean(values):.5f}",
                    spread,
                    str(len(values)),
                    comparison.verdict,
                )
            )
        if not each.comparisons:
            last = [run.scores[-1].test.loss for run in each.runs]
            why = f"not tested: {each.scale} scale, {each.runs[0].dataset['name']} data"
            cells.append((*head, "last test loss", "", f"{np.mean(last):.5f}", "", str(len(last)), why))
    return cells


def causes(groups: Sequence[Group]) -> List[str]:
    """A line for each group in which a drift was named, or a figure is not reproduced without one."""
    lines = []
    for each in groups:
        failing = any(comparison.verdict != "reproduced" for comparison in each.comparisons)
        if each.drift is not None and (each.drift.named or failing):
            lines.append(f"{each.recipe}, {each.arithmetic}, {each.platform}: {each.drift}")
    return lines
