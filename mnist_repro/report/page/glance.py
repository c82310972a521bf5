"""The rows of the page's first table and of the table of drift, made from the document. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import Verdict, worst
from mnist_repro.recipes import RECIPES
from mnist_repro.report.page.numbers import numbers, settled
from mnist_repro.report.values import (
    Document,
    Gate,
    GateComparison,
    GateFinding,
    GateRecipe,
    Group,
    HistoryEntry,
    MetricRow,
)
from mnist_repro.runs.metrics import metric_name

# A sentence of the page: the name of its words, and the values for them.
Sentence = Tuple[str, Dict[str, Any]]
MOST_PLATFORMS = 8


@dataclass(frozen=True)
class Row:
    """A metric of a group, with the sentences that say how sure the verdict is.

    Args:
        unsettled: (verdict, reason) of each published figure of the metric that is not reproduced.
    """

    metric: MetricRow
    sure: Sequence[Sentence]
    unsettled: Sequence[Tuple[str, str]]


@dataclass(frozen=True)
class GateRow:
    """A finding of the gate report on a recipe without runs here."""

    finding: GateFinding
    rung: str


@dataclass(frozen=True)
class Block:
    """The rows of a group, or of a recipe that only the gate report has."""

    recipe: str
    group: Optional[Group]
    published_verdict: Optional[str]
    gate: Optional[GateRecipe]
    rows: Sequence[Union[Row, GateRow]]


@dataclass(frozen=True)
class Cell:
    """A group in the table of drift; ``mean`` is that of its last test losses."""

    group: Group
    mean: Optional[float]
    unexplained: bool


@dataclass(frozen=True)
class DriftRow:
    """The groups of one recipe, scale, arithmetic and dataset: the first, and all by platform."""

    group: Group
    cells: Sequence[Optional[Cell]]


@dataclass(frozen=True)
class DriftTable:
    """Recipe by platform, limited to `MOST_PLATFORMS` ``of`` all platforms."""

    platforms: Sequence[str]
    of: int
    rows: Sequence[DriftRow]


def glance(document: Document) -> List[Block]:
    """A block of rows for each group of runs, then for each recipe that only the gate report has."""
    judged = {group.id: judged_in_session(document.gate, group) for group in document.groups}
    blocks = [_block(group, judged[group.id]) for group in document.groups]
    for name, recipe in (document.gate.recipes if document.gate else {}).items():
        reports = [judged[group.id] for group in document.groups if group.recipe == name]
        shown = [each for report in reports if report for each in report.comparisons]
        others = [each for each in recipe.comparisons if each not in shown]
        if others or not any(reports):
            blocks.append(_gate_block(name, _of_these(recipe, others)))
    return blocks


def tally(groups: Sequence[Group]) -> List[Tuple[str, List[Tuple[str, int]]]]:
    """The number of each verdict against baselines and against published figures: the page in one line."""
    if not groups:
        return []
    return [
        ("against_baseline", Counter(group.verdict for group in groups).most_common()),
        ("against_published", Counter(group.published_verdict for group in groups).most_common()),
    ]


def facts(group: Group) -> Dict[str, Tuple[str, str]]:
    """The common facts of a group's runs, each as the name of a sentence of the page and its value."""
    return {
        "scale": ("scale_of", group.scale),
        "arithmetic": ("arithmetic_of", group.arithmetic),
        "data": ("data_of", group.dataset.name),
        "platform": ("platform_of", group.platform),
        "seeds": ("seed_one" if len(group.runs) == 1 else "seeds_count", str(len(group.runs))),
    }


def shared_facts(groups: Sequence[Group]) -> Dict[str, Tuple[str, str]]:
    """The facts that are equal for all groups, so that the page shows them once."""
    by_group = [facts(group) for group in groups]
    first = by_group[0] if by_group else {}
    return {name: fact for name, fact in first.items() if all(each[name] == fact for each in by_group)}


def in_order(history: Sequence[HistoryEntry]) -> List[Tuple[str, List[HistoryEntry]]]:
    """The history entries of each recipe, with recipes in the order of the page."""
    names = sorted({entry.recipe for entry in history}, key=lambda name: ([*RECIPES, name].index(name), name))
    return [(name, [entry for entry in history if entry.recipe == name]) for name in names]


def judged_in_session(gate: Optional[Gate], group: Group) -> Optional[GateRecipe]:
    """The gate report on a group's recipe, if the session used the same data and arithmetic.

    A fingerprint is valid only for the platform on which it was taken.
    """
    recipe = gate.recipes.get(group.recipe) if gate else None
    if gate is None or recipe is None or gate.session["arithmetic"] != group.arithmetic:
        return None
    # Stored samples judge the published figures, so the data of the session does not matter for them.
    data = {each.dataset for each in recipe.comparisons if each.rung != "published"}
    comparisons = [each for each in recipe.comparisons if _taken_on(each) in (None, group.platform)]
    return _of_these(recipe, comparisons) if comparisons and data <= {"", group.dataset.name} else None


def _taken_on(comparison: GateComparison) -> Optional[str]:
    """The platform for which a comparison is valid; None if it is valid for all, or if nothing was measured."""
    if comparison.rung != "fingerprint" or not comparison.provenance:
        return None
    return platform_text(comparison.provenance)


def _of_these(recipe: GateRecipe, comparisons: Sequence[GateComparison]) -> GateRecipe:
    """The gate report on a recipe, limited to these comparisons."""
    if len(comparisons) == len(recipe.comparisons):
        return recipe
    verdicts = [Verdict(each.verdict) for each in comparisons if each.verdict is not None]
    passes = bool(verdicts) and all(each.passes for each in comparisons)
    return GateRecipe(worst(verdicts).value, passes, comparisons)


def distinctions(groups: Sequence[Group]) -> Dict[str, List[str]]:
    """By a group's id: the words that distinguish it from other groups of its recipe."""
    words: Dict[str, List[str]] = {}
    for group in groups:
        others = [_conditions(other) for other in groups if other.recipe == group.recipe]
        words[group.id] = [word for word, *all_words in zip(_conditions(group), *others) if len(set(all_words)) > 1]
    return words


def _conditions(group: Group) -> Tuple[str, ...]:
    return (group.scale, group.arithmetic, group.dataset.name, group.platform)


def _block(group: Group, gate: Optional[GateRecipe]) -> Block:
    # Figures of the training data prove little; their rows are in the recipe's own section.
    metrics = [metric for metric in group.metrics if not metric.name.startswith("training")]
    rows = [Row(metric, _how_sure(group, metric), _unsettled(group, metric.name)) for metric in metrics]
    return Block(group.recipe, group, group.published_verdict, gate, rows)


def _how_sure(group: Group, metric: MetricRow) -> List[Sentence]:
    sentences = [_sure_of_baseline(group, metric)]
    if metric.finding and metric.finding.seeds_needed:
        sentences.append(("certain_needed", {"count": metric.finding.seeds_needed}))
    interval = published_interval(group, metric.name)
    if metric.published:
        sentences.append(("certain_published", interval) if interval else ("too_few", {}))
    return sentences


def _unsettled(group: Group, metric: str) -> List[Tuple[str, str]]:
    figures = [each for each in group.published if metric == metric_name(each.metric, each.after, group.unit)]
    return [(each.verdict, each.reason) for each in figures if each.verdict != Verdict.REPRODUCED.value]


def _sure_of_baseline(group: Group, metric: MetricRow) -> Sentence:
    finding, margin = metric.finding, metric.margin
    if finding is None or margin is None:
        return ("certain_no_baseline", {})
    values = {"margin": f"{margin:.2g}"}
    if group.paired:
        return ("certain_paired", values)
    if finding.interval:
        low, high = (f"{end:+.2g}" for end in finding.interval)
        return ("certain_interval", {**values, "low": low, "high": high})
    same = all(metric.stored.get(seed) == value for seed, value in metric.measured.items())
    return ("certain_same" if same else "certain_margin", values)


def published_interval(group: Group, metric: str) -> Optional[Dict[str, str]]:
    """The prediction interval of a group for a metric with a published figure, or None."""
    for each in group.published:
        if each.interval and metric == metric_name(each.metric, each.after, group.unit):
            return {"low": settled(each.interval[0]), "high": settled(each.interval[1])}
    return None


def _gate_block(name: str, recipe: GateRecipe) -> Block:
    """The block of a recipe without runs here: each finding as it is in the gate report."""
    # The published figures come last, as in the order of the rungs.
    comparisons = sorted(recipe.comparisons, key=lambda each: each.rung == "published")
    published = next((each for each in recipe.comparisons if each.rung == "published"), None)
    rows = [
        GateRow(finding, each.rung)
        for each in comparisons
        for finding in each.findings
        if not finding.name.startswith("training")
    ]
    return Block(name, None, published.verdict if published else None, recipe, rows)


def drift_table(groups: Sequence[Group]) -> DriftTable:
    """Recipe by platform: the mean of the last test loss in each cell, with the drift that explains it."""
    platforms = list(dict.fromkeys(group.platform for group in groups))
    rows: Dict[Tuple[str, ...], Dict[str, Group]] = {}
    for group in groups:
        key = (group.recipe, group.scale, group.arithmetic, group.dataset.name, group.dataset.sha256)
        rows.setdefault(key, {})[group.platform] = group
    shown = platforms[:MOST_PLATFORMS]
    return DriftTable(
        shown,
        len(platforms),
        [DriftRow(next(iter(row.values())), [_cell(row.get(platform)) for platform in shown]) for row in rows.values()],
    )


def _cell(group: Optional[Group]) -> Optional[Cell]:
    if group is None:
        return None
    losses = numbers(run.test_loss for run in group.runs)
    return Cell(group, sum(losses) / len(losses) if losses else None, unexplained(group))


def unexplained(group: Group) -> bool:
    """Whether a group differs from stored or published values, so that it needs a cause."""
    return group.published_verdict == "not reproduced" or group.verdict in ("regressed", "improved")
