"""The answer of the page and the rows of its first table, made from the document. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Verdict
from mnist_repro.recipes import RECIPES
from mnist_repro.report.in_gate import FURTHER, comparisons_of, matched, metric_finding, published_row
from mnist_repro.report.page.numbers import as_printed, numbers, settled, spread
from mnist_repro.report.values import (
    Document,
    GateComparison,
    GateMetric,
    Group,
    HistoryEntry,
    MetricFinding,
    PublishedRow,
    Samples,
)

# A sentence of the page: the name of its words, and the values for them.
Sentence = Tuple[str, Dict[str, Any]]
MOST_PLATFORMS = 8
# A sentence with more would not be read.
MOST_EXCEPTIONS = 3
NO_TEXTS = ("", "", "")
# The name of the row that says why there is nothing to compare with.
WITHOUT_BASELINE = "baseline"
PASSING = tuple(verdict.value for verdict in Verdict if verdict.passes)


@dataclass(frozen=True)
class Judged:
    """A verdict on a row.

    Args:
        against: what was compared with: ``published``, ``baseline`` or ``fingerprint``.
        verdict: None if no verdict could be given.
        known: why the verdict is expected, although it does not pass.
    """

    against: str
    verdict: Optional[str]
    reason: str
    known: str = ""

    @property
    def passes(self) -> bool:
        """Whether the verdict itself passes."""
        return self.verdict in PASSING


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Args:
        name: the metric, or the row of a fingerprint.
        texts: published, stored and measured value.
        verdicts: what the row was compared with, and what came out.
        samples: what the picture is drawn from; None for a fingerprint.
        bar: the interval to draw, in the metric's own unit.
        sure: sentences that say what the picture shows.
    """

    name: str
    texts: Tuple[str, str, str]
    verdicts: Sequence[Judged]
    samples: Optional[Samples] = None
    bar: Optional[Interval] = None
    sure: Sequence[Sentence] = ()


@dataclass(frozen=True)
class Block:
    """The rows of a group, or of comparisons that only the gate report has."""

    recipe: str
    group: Optional[Group]
    rows: Sequence[Row]

    @property
    def only_stored(self) -> bool:
        """Whether its published figures were compared with stored runs, and nothing was measured."""
        rows = [row for row in self.rows if any(judged.against == "published" for judged in row.verdicts)]
        return bool(rows) and not any(row.samples and row.samples.measured for row in rows)


@dataclass(frozen=True)
class Answer:
    """How many recipes pass against something, and the first rows that do not.

    Args:
        key: the name of the sentence.
        good: number of recipes of which every verdict passes.
        of: number of recipes.
        exceptions: (recipe, row, verdict) of rows that do not pass.
        more: number of exceptions that are left out.
        stored: number of recipes judged by their stored runs, because they were not measured.
    """

    key: str
    good: int
    of: int
    exceptions: Sequence[Tuple[str, str, Judged]]
    more: int
    stored: int = 0


@dataclass(frozen=True)
class DriftTable:
    """Recipe by platform, limited to `MOST_PLATFORMS` ``of`` all platforms.

    A row has the groups of one recipe, scale, arithmetic and dataset: the first, and that of each platform.
    """

    platforms: Sequence[str]
    of: int
    rows: Sequence[Tuple[Group, Sequence[Optional[Group]]]]


def glance(document: Document) -> List[Block]:
    """A block of rows for each group of runs, then for the gate's other comparisons of each recipe."""
    in_gate = matched(document.gate, document.groups)
    blocks = [
        Block(group.recipe, group, _together([*_of_group(group, document), *_fingerprints(in_gate[group.id])]))
        for group in document.groups
    ]
    shown = [id(each) for comparisons in in_gate.values() for each in comparisons]
    for name, recipe in (document.gate.recipes if document.gate else {}).items():
        others = [each for each in recipe.comparisons if id(each) not in shown]
        if others:
            rows = [row for each in others for row in _of_comparison(each, document)]
            blocks.append(Block(name, None, _together([*rows, *_fingerprints(others)])))
    return blocks


def answers(blocks: Sequence[Block]) -> List[Answer]:
    """The page in a sentence for each kind of comparison, the published figures first."""
    kinds = (("published", "answer_published"), ("baseline", "answer_stored"), ("fingerprint", "answer_fingerprint"))
    return [answer for against, key in kinds for answer in _answer(blocks, against, key)]


def _answer(blocks: Sequence[Block], against: str, key: str) -> Iterable[Answer]:
    judgements = [
        (block, row, judged)
        for block in blocks
        for row in block.rows
        for judged in row.verdicts
        if judged.against == against and judged.verdict is not None
    ]
    bad = [(block.recipe, row.name, judged) for block, row, judged in judgements if not judged.passes]
    if judgements:
        # Groups of one recipe count each: they are trainings of their own.
        every = {id(block) for block, _, _ in judgements}
        failing = {id(block) for block, _, judged in judgements if not judged.passes}
        stored = len({id(block) for block, _, _ in judgements if block.only_stored}) if against == "published" else 0
        if stored == len(every):
            key, stored = "answer_published_stored", 0
        shown = bad[:MOST_EXCEPTIONS]
        yield Answer(key, len(every - failing), len(every), shown, len(bad) - len(shown), stored)


def made_with(document: Document) -> Dict[str, List[str]]:
    """When, where and on what everything was measured: distinct values of the provenance, in order."""
    provenances: List[Mapping[str, Any]] = [run.provenance for group in document.groups for run in group.runs]
    provenances += [
        each.provenance for each in comparisons_of(document.gate) if each.samples or each.rung == "fingerprint"
    ]
    facts = {
        name: sorted({str(each[name]) for each in provenances if each.get(name)})
        for name in ("finished", "tensorflow", "keras", "machine", "cpu", "commit")
    }
    return {**facts, "finished": [*facts["finished"][:1], *facts["finished"][1:][-1:]]}


def facts(group: Group) -> Dict[str, Sentence]:
    """The common facts of a group's runs, as sentences of the page."""
    return {
        "scale": ("scale_of", {"value": group.scale}),
        "arithmetic": ("arithmetic_of", {"value": group.arithmetic}),
        "data": ("data_of", {"value": group.dataset.name}),
        "platform": ("platform_of", {"value": group.platform}),
        "seeds": ("seeds_count", {"value": len(group.runs)}),
    }


def shared_facts(groups: Sequence[Group]) -> Dict[str, Sentence]:
    """The facts that are equal for all groups, so that the page shows them once."""
    by_group = [facts(group) for group in groups]
    first = by_group[0] if by_group else {}
    return {name: fact for name, fact in first.items() if all(each[name] == fact for each in by_group)}


def in_order(history: Sequence[HistoryEntry]) -> List[Tuple[str, List[HistoryEntry]]]:
    """The history entries of each recipe, with recipes in the order of the page."""
    names = sorted({entry.recipe for entry in history}, key=lambda name: ([*RECIPES, name].index(name), name))
    return [(name, [entry for entry in history if entry.recipe == name]) for name in names]


def distinctions(groups: Sequence[Group]) -> Dict[str, List[str]]:
    """By a group's id: the words that distinguish it from other groups of its recipe."""
    words: Dict[str, List[str]] = {}
    for group in groups:
        others = [_conditions(other) for other in groups if other.recipe == group.recipe]
        words[group.id] = [word for word, *all_words in zip(_conditions(group), *others) if len(set(all_words)) > 1]
    return words


def _conditions(group: Group) -> Tuple[str, ...]:
    return (group.scale, group.arithmetic, group.dataset.name, group.platform)


def _of_group(group: Group, document: Document) -> List[Row]:
    # Figures of the training data prove little; their rows are in the recipe's own section.
    metrics = {metric.name: metric for metric in group.metrics if not metric.name.startswith("training")}
    rows = [Row(WITHOUT_BASELINE, NO_TEXTS, [Judged("baseline", group.verdict, reason)]) for reason in group.reasons]
    rows += [_stored_row(metric, metric.finding) for metric in metrics.values()]
    for each in group.published:
        samples = metrics.get(each.name) or _samples(document, group.recipe, "published", each.name)
        rows.append(_published_row(each, samples))
    return rows


def _of_comparison(comparison: GateComparison, document: Document) -> List[Row]:
    """The rows of a comparison that is not about runs of the page."""
    rows: List[Row] = []
    if comparison.rung == "fingerprint":
        return rows
    for each in comparison.findings:
        samples = _samples(document, comparison.recipe, comparison.rung, each.name.partition(FURTHER)[0])
        if comparison.rung == "published":
            rows.append(_published_row(published_row(each), samples))
        elif not each.name.startswith("training"):
            rows.append(_stored_row(samples or GateMetric(each.name, {}, {}, None, []), metric_finding(each)))
    if not comparison.findings:
        rows.append(Row(comparison.rung, NO_TEXTS, [Judged("baseline", comparison.verdict, comparison.reason)]))
    return rows


def _fingerprints(comparisons: Sequence[GateComparison]) -> List[Row]:
    """A row for each difference of a fingerprint; one row if there is none, or no verdict."""
    rows: List[Row] = []
    for each in comparisons:
        if each.rung != "fingerprint":
            continue
        differing = [finding for finding in each.findings if not finding.verdict.passes]
        for one in differing:
            judged = Judged("fingerprint", one.verdict.value, one.reason, one.known)
            rows.append(Row(one.name, ("", one.stored, one.measured), [judged]))
        if not differing:
            judged = Judged("fingerprint", each.verdict, each.reason or "; ".join(each.notes[:1]))
            rows.append(Row("fingerprint", NO_TEXTS, [judged]))
    return rows


def _samples(document: Document, recipe: str, rung: str, name: str) -> Optional[GateMetric]:
    samples = [each for each in document.gate_samples if (each.recipe, each.rung) == (recipe, rung)]
    return next((metric for each in samples for metric in each.metrics if metric.name == name), None)


def _stored_row(metric: Samples, finding: Optional[MetricFinding]) -> Row:
    sure: List[Sentence] = []
    bar = finding.interval if finding else None
    if finding and metric.margin is not None and finding.verdict != Verdict.INCOMPARABLE.value:
        margin = {"margin": f"{metric.margin:.2g}"}
        same = all(metric.stored.get(seed) == value for seed, value in metric.measured.items())
        if bar:
            sure = [("certain_interval", {**margin, "low": f"{bar.low:+.2g}", "high": f"{bar.high:+.2g}"})]
        else:
            sure = [("certain_same" if same else "certain_paired", margin)]
    stored = numbers(metric.stored.values())
    if bar and stored:
        # The interval is one of differences from the stored mean.
        mean = sum(stored) / len(stored)
        bar = Interval(mean + bar.low, mean + bar.high)
    judged = [Judged("baseline", finding.verdict, finding.reason, finding.known)] if finding else []
    return Row(metric.name, _texts(metric), judged, metric, bar, sure)


def _published_row(figure: PublishedRow, samples: Optional[Samples]) -> Row:
    ends = figure.interval and {"low": settled(figure.interval.low), "high": settled(figure.interval.high)}
    sure: List[Sentence] = [("certain_published", ends) if ends else ("too_few", {})]
    texts = _texts(samples) if samples else (as_printed(figure.published), "–", "–")
    judged = Judged("published", figure.verdict, figure.reason, figure.known)
    return Row(figure.name, texts, [judged], samples, figure.interval, sure)


def _texts(metric: Samples) -> Tuple[str, str, str]:
    published = ", ".join(as_printed(value) for value in metric.published)
    return (published or "–", spread(metric.stored), spread(metric.measured))


def _together(rows: Sequence[Row]) -> List[Row]:
    """Rows of one name as one row; the interval of the published figures is the one to draw."""
    by_name: Dict[str, Row] = {}
    for row in rows:
        first = by_name.setdefault(row.name, row)
        if first is not row:
            sure = [*first.sure, *(each for each in row.sure if each not in first.sure)]
            bar = row.bar or first.bar
            verdicts = [*first.verdicts, *(each for each in row.verdicts if not (each.passes and _said(each, first)))]
            by_name[row.name] = replace(first, verdicts=verdicts, bar=bar, sure=sure)
    return list(by_name.values())


def _said(judged: Judged, row: Row) -> bool:
    """Whether a row has this verdict already, as that of another published figure of the same metric."""
    return any((each.against, each.verdict) == (judged.against, judged.verdict) for each in row.verdicts)


def drift_table(groups: Sequence[Group]) -> DriftTable:
    """The table of drift: the groups, recipe by platform."""
    platforms = list(dict.fromkeys(group.platform for group in groups))
    rows: Dict[Tuple[str, ...], Dict[str, Group]] = {}
    for group in groups:
        key = (group.recipe, group.scale, group.arithmetic, group.dataset.name, group.dataset.sha256)
        rows.setdefault(key, {})[group.platform] = group
    shown = platforms[:MOST_PLATFORMS]
    return DriftTable(
        shown,
        len(platforms),
        [(next(iter(row.values())), [row.get(platform) for platform in shown]) for row in rows.values()],
    )


def mean_test_loss(group: Group) -> Optional[float]:
    """The mean of the last test losses of a group; None if none is finite."""
    losses = numbers(run.test_loss for run in group.runs)
    return sum(losses) / len(losses) if losses else None


def unexplained(group: Group) -> bool:
    """Whether a group differs from stored or published values, so that it needs a cause."""
    return group.published_verdict == "not reproduced" or group.verdict in ("regressed", "improved")
