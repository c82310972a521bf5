"""Collects the facts of a page into one `Document`."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

import mnist_repro
from mnist_repro.gate.baselines.values import samples_of
from mnist_repro.recipes import RECIPES, find
from mnist_repro.recipes.recipe import SCALES
from mnist_repro.report import gate_file, jobs_file
from mnist_repro.report.baseline_history import history
from mnist_repro.report.datasets import Datasets
from mnist_repro.report.groups import group_of, published_values
from mnist_repro.report.in_gate import as_judged, comparisons_of, matched, measured_values
from mnist_repro.report.values import Document, Gate, GateComparison, GateMetric, GateSamples, Group, Jobs, Note
from mnist_repro.reproduction.judgement import testable
from mnist_repro.runs import baselines as recipe_baselines
from mnist_repro.runs.found import FoundRun, Sorted, sort
from mnist_repro.runs.problems import Problems

SCHEMA = 2
# Further groups are left out of the page. Recipes and scales alone give twelve groups.
MOST_GROUPS = 24


@dataclass(frozen=True)
class PageInputs:
    """The input of a page.

    Args:
        runs: the runs that could be read.
        places: the searched places, as the user named them.
        baselines: folder of the baselines.
        gate: a gate report, as `gate_file.read` gives it.
        jobs: jobs, as `jobs_file.read` gives them.
        data: the value of --data.
        unkept: number of judged runs that are not in ``runs``.
    """

    runs: Sequence[FoundRun]
    places: Sequence[str]
    baselines: Path
    gate: Optional[Gate] = None
    jobs: Optional[Jobs] = None
    data: Optional[str] = None
    unkept: int = 0


def collect(sources: PageInputs, problems: Problems) -> Document:
    """The document of a page."""
    grouped = sort(sources.runs)
    datasets = Datasets(sources.data, problems)
    shown = grouped.groups[:MOST_GROUPS]
    firsts = [found[0].run for found in shown]
    comparisons = sum(len(testable(find(run.recipe), run.scale, run.dataset["name"])) for run in firsts)
    groups = [
        group_of(found, sources.baselines, datasets, problems, f"group-{number}", comparisons)
        for number, found in enumerate(shown, start=1)
    ]
    in_gate = matched(sources.gate, groups)
    groups = [as_judged(group, in_gate[group.id]) for group in groups]
    return Document(
        schema=SCHEMA,
        made=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        version=mnist_repro.__version__,
        places=[str(place) for place in sources.places],
        baselines=str(sources.baselines),
        runs=len(sources.runs),
        notes=_notes(grouped, groups, sources.unkept),
        groups=groups,
        gate=sources.gate,
        gate_samples=gate_samples(sources.gate, sources.baselines, problems),
        jobs=sources.jobs,
        history=history(sources.baselines, problems),
        # Last, because everything above may add problems.
        problems=problems.fields(),
    )


def read_gate(named: Optional[Path], places: Sequence[Path], problems: Problems) -> Optional[Gate]:
    """The named gate report, else the report at a usual place; None if there is none."""
    place = named or gate_file.find(places)
    with problems.leaving_out():
        return None if place is None else gate_file.read(place)
    return None


def read_jobs(named: Optional[Path], places: Sequence[Path], problems: Problems) -> Optional[Jobs]:
    """The named jobs, else the jobs of the newest session here or beside the runs; None if there are none."""
    place = named or jobs_file.beside(places)
    with problems.leaving_out():
        return None if place is None else jobs_file.read(place, problems)
    return None


def _notes(grouped: Sorted, groups: Sequence[Group], unkept: int) -> List[Note]:
    """The notes at the end of the page."""
    notes: List[Note] = []
    runs = [group[0].run for group in grouped.groups]
    for key, values in (
        ("note_datasets", {f"{run.dataset['name']} ({run.dataset['sha256'][:12]})" for run in runs}),
        ("note_scales", {run.scale for run in runs}),
        ("note_arithmetics", {run.arithmetic for run in runs}),
        ("note_platforms", {group.platform for group in groups}),
    ):
        if len(values) > 1:
            notes.append(Note(key, {"list": ", ".join(sorted(values)[:10]), "count": len(values)}))
    if unkept:
        notes.append(Note("note_unkept", {"count": unkept}))
    if grouped.doubled:
        folders = ", ".join(str(each.folder) for each in grouped.doubled[:5])
        notes.append(Note("note_doubled", {"count": len(grouped.doubled), "list": folders}))
    if len(grouped.groups) > len(groups):
        hidden = sum(len(group) for group in grouped.groups[len(groups) :])
        notes.append(Note("note_groups", {"shown": len(groups), "left": hidden}))
    strangers = sorted({group.dataset.name for group in groups if not group.dataset.at_hand})
    if strangers:
        notes.append(Note("note_no_data", {"list": ", ".join(strangers)}))
    if any(group.dataset.name != "mnist" for group in groups):
        notes.append(Note("note_not_mnist"))
    return notes


def gate_samples(gate: Optional[Gate], baselines: Path, problems: Problems) -> List[GateSamples]:
    """The samples of each comparison of samples or of published figures, which are compared with full samples."""
    shown: List[GateSamples] = []
    for each in comparisons_of(gate):
        if each.recipe in RECIPES and each.rung in (*SCALES, "published"):
            with problems.leaving_out():
                shown.append(GateSamples(each.recipe, each.rung, _metrics(each, baselines)))
    return shown


def _metrics(comparison: GateComparison, baselines: Path) -> List[GateMetric]:
    published = comparison.rung == "published"
    scale = "full" if published else comparison.rung
    conditions = recipe_baselines.conditions_of(comparison.dataset, comparison.arithmetic)
    stored = recipe_baselines.read(baselines, comparison.recipe, scale).samples(
        recipe_baselines.PUBLISHED_CONDITIONS if published else conditions
    )
    known = {metric.name: metric for metric in stored.metrics} if stored else {}
    measured = dict.fromkeys(name for values in comparison.samples.values() for name in values)
    return [
        GateMetric(
            name=name,
            stored=samples_of(stored, name) if stored and name in known else {},
            measured=measured_values(comparison, name),
            margin=None if published or name not in known else known[name].margin,
            published=published_values(RECIPES[comparison.recipe], name) if scale == "full" else [],
        )
        for name in (known if published else measured)
    ]
