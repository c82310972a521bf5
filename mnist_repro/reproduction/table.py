"""The table of `mnist-repro drift`: runs of several environments, recipe by TensorFlow version, with causes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import List, Mapping, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.data.dataset import Dataset
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.recipes import find
from mnist_repro.reproduction.drift import Drift, recognise
from mnist_repro.reproduction.judgement import FigureComparison, compare, figure_text, testable
from mnist_repro.runs.found import Sorted
from mnist_repro.runs.run import Run, platform_name


@dataclass(frozen=True)
class Group:
    """Runs that should agree, because recipe, scale, arithmetic, dataset and platform are the same.

    Args:
        runs: runs by seed.
        comparisons: comparisons with the published figures that the runs can test.
        drift: drift that explains a difference; None if the data of the runs is not on this machine.
    """

    runs: Tuple[Run, ...]
    comparisons: Tuple[FigureComparison, ...]
    drift: Optional[Drift]


# Number of folders in a message.
_SHOWN = 5
HEADER = ("recipe", "arithmetic", "platform", "figure", "published", "measured", "sd", "seeds", "verdict")


def judge(
    together: Sequence[Sequence[Run]],
    dataset: Optional[Dataset],
    stored: Mapping[str, BaselineFile] = MappingProxyType({}),
) -> Tuple[Group, ...]:
    """Compare the runs of each group with published figures. All figures shown together share the level.

    Args:
        together: the runs of each group.
        dataset: training data of the runs, to look for drift; None to skip that.
        stored: baselines at the full scale by recipe.
    """
    figures = [testable(find(runs[0].recipe), runs[0].scale, runs[0].dataset["name"]) for runs in together]
    count = sum(map(len, figures))
    groups = []
    for runs, own_figures in zip(together, figures):
        first = runs[0]
        at_hand = dataset is not None and dataset.sha256 == first.dataset["sha256"]
        drift = recognise(find(first.recipe), runs, dataset) if dataset is not None and at_hand else None
        comparisons = compare(own_figures, runs, count, stored.get(first.recipe))
        groups.append(Group(tuple(runs), comparisons, drift))
    return tuple(groups)


def _title(group: Group) -> Tuple[str, str, str]:
    """Recipe, arithmetic and platform."""
    first = group.runs[0]
    return first.recipe, first.arithmetic, platform_name(first.provenance)


def rows(groups: Sequence[Group]) -> List[Sequence[str]]:
    """The cells of the table: a row for each published figure of each group."""
    cells: List[Sequence[str]] = []
    for each in groups:
        head, unit = _title(each), each.runs[0].unit
        for comparison in each.comparisons:
            figure, values = comparison.figure, comparison.measured
            spread = f"{np.std(values, ddof=1):.5f}" if len(values) > 1 else "–"
            cells.append(
                (
                    *head,
                    figure_text(figure, unit),
                    f"{figure.value:.5f}",
                    f"{np.mean(values):.5f}",
                    spread,
                    str(len(values)),
                    comparison.verdict,
                )
            )
        if not each.comparisons:
            last = [run.scores[-1].test.loss for run in each.runs]
            why = f"not tested: {each.runs[0].scale} scale, {each.runs[0].dataset['name']} data"
            cells.append((*head, "last test loss", "", f"{np.mean(last):.5f}", "", str(len(last)), why))
    return cells


def notes(grouped: Sorted) -> List[str]:
    """Notes about runs that are not in the table."""
    folders = ", ".join(str(each.folder) for each in grouped.doubled[:_SHOWN])
    count = len(grouped.doubled)
    return [f"superseded runs (a newer run of the same seed exists): {count} ({folders})"] if count else []


def causes(groups: Sequence[Group]) -> List[str]:
    """A line for each group with a recognised drift, or with a figure that is not reproduced."""
    lines = []
    for each in groups:
        failing = any(comparison.verdict != Verdict.REPRODUCED.value for comparison in each.comparisons)
        if each.drift is not None and (each.drift.named or failing):
            lines.append(f"{', '.join(_title(each))}: {each.drift}")
    return lines
