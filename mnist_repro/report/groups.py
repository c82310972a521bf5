"""The facts of a group of runs: judged by stored samples and by published figures, and checked for drift."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.judge import incomparable
from mnist_repro.gate.baselines.values import BaselineFile, SampleEntry, samples_of
from mnist_repro.gate.comparison import SAMPLES
from mnist_repro.gate.verdicts import Finding, Judgement
from mnist_repro.recipes import Recipe, find
from mnist_repro.recipes.published import published_figures
from mnist_repro.report.datasets import Datasets
from mnist_repro.report.in_gate import metric_finding
from mnist_repro.report.mistakes import mistakes_of
from mnist_repro.report.values import (
    Group,
    GroupData,
    GroupDrift,
    GroupRun,
    MetricRow,
    PublishedCurve,
    PublishedRow,
)
from mnist_repro.reproduction.drift import recognise
from mnist_repro.reproduction.judgement import FigureComparison, compare, testable, verdict
from mnist_repro.runs import baselines as recipe_baselines
from mnist_repro.runs.found import FoundRun
from mnist_repro.runs.metrics import direction, metric_name, metric_values
from mnist_repro.runs.problems import Problems
from mnist_repro.runs.run import Run, platform_name

# Number of runs to check for drift: the oracle calculates a hundred steps of each. The evidence names the seeds.
MOST_LOOKED_AT_FOR_DRIFT = 5


def group_of(
    group: Sequence[FoundRun],
    baselines: Path,
    datasets: Datasets,
    problems: Problems,
    identity: str,
    comparisons: int,
) -> Group:
    """All facts of one group for the page; ``comparisons`` is the number of published figures on the whole page."""
    first = group[0].run
    recipe = find(first.recipe)
    dataset = datasets.of(first.dataset["sha256"], first.dataset.get("source", ""))
    runs = [each.run for each in group]
    judgement, stored = _judged_by_baseline(runs, baselines, problems)
    figures = testable(recipe, first.scale, first.dataset["name"])
    published = compare(figures, runs, comparisons, stored)
    samples = stored.samples(recipe_baselines.conditions_of(first.dataset["name"], first.arithmetic))
    drift = None if dataset is None else recognise(recipe, runs[:MOST_LOOKED_AT_FOR_DRIFT], dataset)
    findings = {finding.name: finding for finding in judgement.findings}
    names = list(dict.fromkeys(name for run in runs for name in metric_values(run)))
    return Group(
        id=identity,
        recipe=recipe.name,
        title=recipe.source.title,
        environment=recipe.source.environment,
        scale=first.scale,
        arithmetic=first.arithmetic,
        platform=platform_name(first.provenance),
        dataset=GroupData(first.dataset["name"], first.dataset["sha256"], at_hand=dataset is not None),
        unit=first.unit,
        counts=dict(first.counts),
        verdict=judgement.verdict.value,
        reasons=[] if samples else [finding.reason for finding in judgement.findings],
        notes=judgement.notes,
        paired=samples is not None and samples.paired,
        metrics=[_metric_row(name, runs, samples, findings.get(name)) for name in names],
        published_verdict=verdict(published, 0),
        published=[_published_row(each, first.unit) for each in published],
        drift=GroupDrift(drift.kind, drift.cause, drift.evidence, drift.named) if drift else None,
        curves=_curves(runs),
        published_curves=_published_curves(recipe) if first.scale == "full" else [],
        mistakes=mistakes_of(group, dataset, problems),
        runs=[_group_run(each) for each in group],
    )


def _judged_by_baseline(runs: Sequence[Run], folder: Path, problems: Problems) -> Tuple[Judgement, BaselineFile]:
    """The judgement by the baseline of the runs' scale, and the baseline; it is empty if it cannot be read."""
    first = runs[0]
    try:
        stored = recipe_baselines.read(folder, first.recipe, first.scale)
        judgement = recipe_baselines.judge_runs(stored, runs)
    except BadInput as problem:
        problems.add(problem)
        judgement = incomparable("; ".join(line.strip() for line in str(problem).splitlines()))
        stored = BaselineFile(recipe_baselines.name_of(first.recipe, first.scale), SAMPLES)
    return judgement, stored


def _metric_row(name: str, runs: Sequence[Run], stored: Optional[SampleEntry], finding: Optional[Finding]) -> MetricRow:
    measured = {run.seed: metric_values(run).get(name) for run in runs}
    metric = next((each for each in stored.metrics if each.name == name), None) if stored else None
    return MetricRow(
        name=name,
        direction=direction(name),
        stored=samples_of(stored, name) if stored and metric else {},
        measured={seed: value for seed, value in measured.items() if value is not None},
        margin=metric.margin if metric else None,
        margin_reason=metric.reason if metric else "",
        finding=metric_finding(finding) if finding else None,
        published=published_values(find(runs[0].recipe), name) if runs[0].scale == "full" else [],
    )


def published_values(recipe: Recipe, metric: str) -> List[float]:
    """The published values of a metric, such as ``test_loss after 20 epochs``; empty for other names."""
    unit = recipe.full.budget.unit
    # Only published runs with a training loss for each epoch, up to exactly this number of epochs.
    losses = [
        one.training_loss[-1]
        for one in recipe.published
        if len(one.training_loss) == one.after and metric == metric_name("training_loss", one.after, unit)
    ]
    figures = published_figures(recipe)
    return losses or [each.value for each in figures if metric == metric_name(f"test_{each.metric}", each.after, unit)]


def _published_row(compared: FigureComparison, unit: str) -> PublishedRow:
    figure = compared.figure
    name = metric_name(f"test_{figure.metric}", figure.after, unit)
    return PublishedRow(name, figure.value, compared.possible, compared.verdict, compared.result.reason)


_CURVES = ("loss", "accuracy", "test_loss", "test_accuracy", "batch_accuracy")


def _curves(runs: Sequence[Run]) -> Mapping[str, Mapping[int, List[Tuple[int, float]]]]:
    """The curves of the runs by figure and seed: points of (epochs or steps, value)."""
    curves = {}
    for name in _CURVES:
        points = {run.seed: [(line.after, getattr(line, name)) for line in run.log] for run in runs}
        lines = {seed: [(x, y) for x, y in line if y is not None] for seed, line in points.items()}
        if any(lines.values()):
            curves[name] = lines
    return curves


def _published_curves(recipe: Recipe) -> List[PublishedCurve]:
    """The curves that the source printed, run by run; a single figure is a curve of one point."""
    curves: List[PublishedCurve] = []
    every = getattr(recipe.full.budget, "report_every", 1)
    for one in recipe.published:
        curves += [
            PublishedCurve(name, list(enumerate(values, start=1)))
            for name, values in (("loss", one.training_loss), ("accuracy", one.training_accuracy))
            if values
        ]
        if one.batch_accuracy:
            points = [(place * every, value) for place, value in enumerate(one.batch_accuracy)]
            curves.append(PublishedCurve("batch_accuracy", points))
        curves += [PublishedCurve(f"test_{metric}", [(one.after, value)]) for metric, value in one.test.items()]
    return curves


def _group_run(located: FoundRun) -> GroupRun:
    run = located.run
    last = run.scores[-1].test
    return GroupRun(
        folder=str(located.folder),
        seed=run.seed,
        test_loss=last.loss,
        test_accuracy=last.accuracy,
        source=run.dataset.get("source", ""),
        seconds=float(run.provenance.get("seconds", 0.0)),
        provenance=provenance_texts(run.provenance),
    )


# Names of the texts in a run's provenance; a missing text is empty.
_ORIGIN = (
    "mnist_repro",
    "commit",
    "python",
    "tensorflow",
    "keras",
    "numpy",
    "h5py",
    "machine",
    "cpu",
    "threads",
    "finished",
)


def provenance_texts(provenance: Mapping[str, Any]) -> Dict[str, str]:
    """What the page shows of a run's provenance; a text that is missing is empty."""
    switches = provenance.get("switches")
    set_to = switches.items() if isinstance(switches, dict) else ()
    return {
        **{name: str(provenance.get(name, "")) for name in _ORIGIN},
        "switches": ", ".join(f"{name}={value}" for name, value in set_to),
    }
