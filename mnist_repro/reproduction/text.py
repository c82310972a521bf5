"""Formats the result of a reproduction as text and as JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from mnist_repro.display import counted, folded, table
from mnist_repro.files.json import json_text
from mnist_repro.gate.baselines.folder import BASELINES
from mnist_repro.gate.intervals import standard_deviation
from mnist_repro.gate.one_run import FALSE_ALARMS, MATTERS, SPREAD_CHANGED
from mnist_repro.gate.verdicts import Finding, Verdict
from mnist_repro.recipes.recipe import Epochs, Published
from mnist_repro.reproduction.drift import NOT_RECOGNISED
from mnist_repro.reproduction.judgement import (
    NOT_TESTED,
    NOTHING_STORED,
    FigureComparison,
    RecipeResult,
    Result,
    figure_text,
    measured,
)
from mnist_repro.runs import baselines
from mnist_repro.runs.run import Run
from mnist_repro.runs.run_json import SCHEMA

HEADER = ("", "published", "measured", "sd", "interval", "verdict")
SUMMARY_HEADER = ("recipe", "seeds", "verdict", "drift", "does not pass")
STORED_HEADER = ("", "stored", "measured", "margin", "verdict")


def as_text(result: Result, scale: str, arithmetic: str, folder: Path = BASELINES) -> str:
    """The text of all recipes: published and measured figures, each seed, curves, drift, verdict.

    ``folder`` is where stored runs were looked for.
    """
    parts = [_recipe_text(recipe_result, scale, arithmetic) for recipe_result in result.recipes]
    if result.comparisons:
        parts.append(
            f"interval: where one more run would land ({1 - FALSE_ALARMS:.1%} for "
            f"{counted(result.comparisons, 'figure')} together).\n"
            f"reproduced: a difference of {MATTERS} standard deviations of one run is excluded; "
            "not reproduced: the published\nfigure lies outside the interval; inconclusive: neither."
        )
    else:
        why = "at the subset scale" if result.dataset == "mnist" else f"on {result.dataset} data"
        missing = sum(recipe_result.seeds - len(recipe_result.runs) for recipe_result in result.recipes)
        outcome = f"{counted(missing, 'run')} could not be made" if missing else "The runs themselves were made"
        basis = _judged_by(result, scale, arithmetic, folder)
        parts.append(f"NOTHING PUBLISHED WAS TESTED: that cannot be done {why}. {outcome}.\n{basis}")
    return "\n\n".join(parts)


def summary(result: Result) -> str:
    """A table of all recipes: seeds, verdict, drift, and the figures that do not pass."""
    rows = [
        (
            each.recipe.name,
            f"{len(each.runs)} of {each.seeds}",
            each.verdict,
            each.drift.kind if _shows_drift(each) else "",
            ", ".join(_not_passing(each)),
        )
        for each in result.recipes
    ]
    return table(SUMMARY_HEADER, rows)


def as_json(result: Result, arithmetic: str) -> str:
    """The result as JSON; docs/reference describes its fields."""
    recipes = {recipe_result.recipe.name: _recipe_fields(recipe_result) for recipe_result in result.recipes}
    fields = {"schema": SCHEMA, "dataset": result.dataset, "arithmetic": arithmetic, "recipes": recipes}
    return json_text(fields)


def _recipe_text(result: RecipeResult, scale: str, arithmetic: str) -> str:
    # Beside a good verdict, a recognised drift would be a contradiction to anybody who reads only this line.
    drift = f", drift: {result.drift.kind}" if result.drift.named else ""
    lines = [
        f"{result.recipe.name}: {result.verdict.upper()}{drift}",
        f"  {result.recipe.source.title}",
        f"  {scale} scale, {arithmetic} arithmetic, {len(result.runs)} of {counted(result.seeds, 'seed')}"
        + (f", {result.runs[0].counts['parameters']:,} parameters" if result.runs else ""),
    ]
    if result.runs:
        lines += ["", _table(result), "", *_seeds(result), *_curves(result), *_predictions(result)]
    if _shows_drift(result):
        lines.append(folded(f"  drift: {result.drift}"))
    return "\n".join(lines)


def _judged_by(result: Result, scale: str, arithmetic: str, folder: Path) -> str:
    """The basis of the verdicts, if no published figure could be tested."""
    judged = [
        recipe_result.recipe.name
        for recipe_result in result.recipes
        if recipe_result.judgement is not None and NOTHING_STORED not in recipe_result.judgement.notes
    ]
    bare = [
        recipe_result.recipe.name
        for recipe_result in result.recipes
        if recipe_result.runs and recipe_result.recipe.name not in judged
    ]
    lines = [f"Judged by the stored runs of the same data and arithmetic: {', '.join(judged)}."] if judged else []
    if bare:
        next_step = "Only runs on MNIST and on the surrogate are stored: --data mnist, or --data surrogate."
        if result.dataset in baselines.DATASETS:
            unusual = baselines.options(baselines.conditions_of(result.dataset, arithmetic))
            unusual += baselines.places(folder, bare)
            command = f"mnist-repro baseline record {' '.join(bare)} --rung {scale}{unusual}"
            next_step = f"Name their folder with --baselines DIR, or record them: {command}"
        lines.append(f"No stored runs to judge by: {', '.join(bare)}. {next_step}")
    return "\n".join(lines)


def _findings(result: RecipeResult) -> Sequence[Finding]:
    return result.judgement.findings if result.judgement else ()


def _shows_drift(result: RecipeResult) -> bool:
    """Whether there is something to say: not if all figures are reproduced and no drift was recognised."""
    return result.verdict != Verdict.REPRODUCED.value or result.drift.kind != NOT_RECOGNISED


def _not_passing(result: RecipeResult) -> List[str]:
    """The figures that do not pass: published ones, else stored ones."""
    unit = result.recipe.full.budget.unit
    return [
        *(figure_text(each.figure, unit) for each in result.comparisons if not each.result.verdict.passes),
        *(each.name.replace("_", " ") for each in _findings(result) if not each.verdict.passes),
    ]


def _table(result: RecipeResult) -> str:
    """The table of a recipe: measured figures with published ones, else with stored ones, else alone."""
    judged = _findings(result)
    why = [f"  {each.name.replace('_', ' ')}: {each.reason}" for each in judged if not each.verdict.passes]
    why += [
        f"  {figure_text(each.figure, result.runs[0].unit)}: {each.result.reason}"
        for each in result.comparisons
        if not each.result.verdict.passes or SPREAD_CHANGED in each.result.reason
    ]
    why = [folded(line) for line in why]
    if not any(finding.stored for finding in judged):
        return "\n".join([table(HEADER, _rows(result)), *why])
    rows = [
        (
            f"  {finding.name.replace('_', ' ')}",
            finding.stored,
            finding.measured,
            "" if finding.margin is None else f"±{finding.margin:.3g}",
            finding.verdict.value,
        )
        for finding in judged
    ]
    notes = [f"  note: {note}" for note in result.judgement.notes] if result.judgement else []
    return "\n".join([table(STORED_HEADER, rows), *why, *notes])


def _rows(result: RecipeResult) -> List[Sequence[str]]:
    unit = result.runs[0].unit
    if result.comparisons:
        return [_row(comparison, unit) for comparison in result.comparisons]
    rows: List[Sequence[str]] = []
    for score in result.runs[0].scores:
        for metric in ("loss", "accuracy"):
            values = [measured(run, metric, score.after) for run in result.runs]
            name = f"  test {metric} after {counted(score.after, unit)}"
            rows.append(
                (name, "", _rounded(float(np.mean(values))), _rounded(standard_deviation(values)), "", NOT_TESTED)
            )
    return rows


def _row(comparison: FigureComparison, unit: str) -> Sequence[str]:
    figure, values, interval = comparison.figure, comparison.measured, comparison.possible
    return (
        f"  {figure_text(figure, unit)}",
        _rounded(figure.value),
        _rounded(float(np.mean(values))),
        _rounded(standard_deviation(values)),
        f"{_rounded(interval.low)} … {_rounded(interval.high)}" if interval else "unknown",
        comparison.verdict,
    )


def _seeds(result: RecipeResult) -> List[str]:
    lines = []
    for run in result.runs:
        scores = "; ".join(
            f"after {counted(score.after, run.unit)} loss {score.test.loss:.5f}, accuracy {score.test.accuracy:.4f}"
            for score in run.scores
        )
        lines.append(f"  seed {run.seed}: {scores}")
    return lines


def _curves(result: RecipeResult) -> List[str]:
    lines = []
    for published in result.recipe.published if result.comparisons else ():
        for title, published_values, own_values in _published_curves(result, published):
            lines += [
                f"  {title}",
                "    published " + " ".join(f"{value:.4f}" for value in published_values),
                "    measured  " + " ".join(f"{value:.4f}" for value in own_values),
            ]
    return lines


def _published_curves(result: RecipeResult, published: Published) -> List[Tuple[str, Sequence[float], Sequence[float]]]:
    """Each curve that the source printed: (title, published values, means of our values)."""
    curves: List[Tuple[str, Sequence[float], Sequence[float]]] = []
    for title, name, published_values in (
        ("training loss", "loss", published.training_loss),
        ("training accuracy", "accuracy", published.training_accuracy),
        ("accuracy on the batch about to be trained on", "batch_accuracy", published.batch_accuracy),
    ):
        if published_values:
            logs = [[getattr(line, name) for line in run.log] for run in result.runs]
            own_values = [_mean(values) for values in list(zip(*logs))[: len(published_values)]]
            curves.append((f"{title}, {_points(result, published)}", published_values, own_values))
    return curves


def _points(result: RecipeResult, published: Published) -> str:
    budget = result.recipe.full.budget
    if isinstance(budget, Epochs):
        return f"per epoch (run of {counted(published.after, 'epoch')})"
    return f"every {budget.report_every} steps from step 0"


def _predictions(result: RecipeResult) -> List[str]:
    published = next((each.first_predictions for each in result.recipe.published if each.first_predictions), None)
    if published is None or not result.comparisons:
        return []
    lines = ["  first ten training images", f"    published   {' '.join(map(str, published))}"]
    return lines + [f"    seed {run.seed:<6} {' '.join(map(str, run.first_predictions))}" for run in result.runs]


def _recipe_fields(result: RecipeResult) -> Dict[str, Any]:
    return {
        "verdict": result.verdict,
        "drift": {"kind": result.drift.kind, "text": str(result.drift)},
        "seeds": [_seed_fields(run) for run in result.runs],
        "figures": [
            {
                "metric": f"test_{comparison.figure.metric}",
                "after": comparison.figure.after,
                "unit": result.recipe.full.budget.unit,
                "published": comparison.figure.value,
                "mean": float(np.mean(comparison.measured)) if comparison.measured else None,
                "sd": standard_deviation(comparison.measured),
                "interval": comparison.result.interval,
                "matters": comparison.result.margin,
                "verdict": comparison.verdict,
                "reason": comparison.result.reason,
                "seeds_needed": comparison.result.seeds_needed,
            }
            for comparison in result.comparisons
        ],
        "stored": [
            {
                "metric": finding.name,
                "stored": finding.stored,
                "measured": finding.measured,
                "interval": finding.interval,
                "margin": finding.margin,
                "verdict": finding.verdict.value,
                "reason": finding.reason,
            }
            for finding in _findings(result)
        ],
    }


def _seed_fields(run: Run) -> Dict[str, Any]:
    last = run.scores[-1].test
    return {
        "seed": run.seed,
        "test_loss": last.loss,
        "test_accuracy": last.accuracy,
        "scores": [
            {"after": score.after, "test_loss": score.test.loss, "test_accuracy": score.test.accuracy}
            for score in run.scores
        ],
        "seconds": run.provenance["seconds"],
    }


def _mean(values: Sequence[Optional[float]]) -> float:
    return float(np.mean([math.nan if value is None else value for value in values]))


def _rounded(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.5f}"
