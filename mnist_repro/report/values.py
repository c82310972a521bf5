"""The facts of a page as values, from `Document` down. `asdict` gives the fields of report.json.

The fields are described in docs/reference/report-json.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from mnist_repro.gate.intervals import Interval
from mnist_repro.gate.verdicts import Finding

Point = Tuple[float, float]


@dataclass(frozen=True)
class MetricFinding:
    """The gate's finding on a metric of a group."""

    verdict: str
    reason: str
    interval: Optional[Interval]
    seeds_needed: Optional[int]
    known: str = ""


@dataclass(frozen=True)
class MetricRow:
    """A metric of a group: stored and measured values by seed, and published values."""

    name: str
    direction: str
    stored: Mapping[int, float]
    measured: Mapping[int, float]
    margin: Optional[float]
    margin_reason: str
    finding: Optional[MetricFinding]
    published: Sequence[float]


@dataclass(frozen=True)
class PublishedRow:
    """A published figure, the interval in which one more run would land, and the verdict; ``known``: why it passes."""

    name: str
    published: float
    interval: Optional[Interval]
    verdict: str
    reason: str
    known: str = ""


@dataclass(frozen=True)
class GroupDrift:
    """The drift of a group, as `mnist_repro.reproduction.drift` recognises it."""

    kind: str
    cause: str
    evidence: str
    named: bool


@dataclass(frozen=True)
class PublishedCurve:
    """A curve that the source printed."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class LabelRow:
    """Wrong images of a true label; ``published`` is None if the source has no table."""

    label: int
    wrong: int
    mean: float
    published: Optional[int]


@dataclass(frozen=True)
class PairRow:
    """Images of a true label that were predicted as another one."""

    predicted: int
    label: int
    images: int
    mean: float
    published: Optional[int]


@dataclass(frozen=True)
class PublishedMistakes:
    """The published error table: after how many epochs or steps, and its number of wrong images."""

    after: int
    wrong: int


@dataclass(frozen=True)
class Picture:
    """A test image as PNG in base64; ``predicted`` is None if the prediction is not stored."""

    index: int
    label: int
    predicted: Optional[int]
    png: str


@dataclass(frozen=True)
class PairPictures:
    """Pictures of a pair, some ``of`` its images."""

    predicted: int
    label: int
    images: Sequence[Picture]
    of: int


@dataclass(frozen=True)
class Pictures:
    """Pictures of the shown run; ``unpredicted`` is empty, or says why predictions are unknown."""

    right: Sequence[Picture]
    wrong: Sequence[Picture]
    pairs: Sequence[PairPictures]
    unpredicted: str


@dataclass(frozen=True)
class Mistakes:
    """The mistakes of one run of a group, with means over all its runs."""

    seed: int
    seeds: int
    right: int
    wrong: int
    confusion: Sequence[Sequence[int]]
    labels: Sequence[LabelRow]
    pairs: Sequence[PairRow]
    published: Optional[PublishedMistakes]
    pictures: Optional[Pictures]


@dataclass(frozen=True)
class GroupRun:
    """One run of a group."""

    folder: str
    seed: int
    test_loss: float
    test_accuracy: float
    source: str
    seconds: float
    provenance: Mapping[str, str]


@dataclass(frozen=True)
class GroupData:
    """The data of a group's runs."""

    name: str
    sha256: str
    at_hand: bool


@dataclass(frozen=True)
class Group:
    """Runs of one recipe, scale, arithmetic, dataset and platform."""

    id: str
    recipe: str
    title: str
    environment: str
    scale: str
    arithmetic: str
    platform: str
    dataset: GroupData
    unit: str
    counts: Mapping[str, int]
    verdict: str
    reasons: Sequence[str]
    notes: Sequence[str]
    paired: bool
    metrics: Sequence[MetricRow]
    published_verdict: str
    published: Sequence[PublishedRow]
    drift: Optional[GroupDrift]
    curves: Mapping[str, Mapping[int, Sequence[Point]]]
    published_curves: Sequence[PublishedCurve]
    mistakes: Mistakes
    runs: Sequence[GroupRun]


@dataclass(frozen=True)
class GateComparison:
    """A comparison of the gate report."""

    test: str
    outcome: str
    reason: str
    passes: bool
    recipe: str
    rung: str
    dataset: str
    arithmetic: str
    verdict: Optional[str]
    findings: Sequence[Finding]
    notes: Sequence[str]
    samples: Mapping[int, Mapping[str, float]]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class GateRecipe:
    """A recipe of the gate report."""

    verdict: str
    passes: bool
    comparisons: Sequence[GateComparison]


@dataclass(frozen=True)
class Gate:
    """The gate report of a session."""

    file: str
    passes: bool
    complete: bool
    verdict: str
    session: Mapping[str, str]
    exit_code: Optional[int]
    versions: Mapping[str, str]
    recipes: Mapping[str, GateRecipe]
    not_judged: Sequence[str]
    other_failures: Sequence[str]


@dataclass(frozen=True)
class GateMetric:
    """A metric of a comparison in the gate report, beside the stored samples and the published values."""

    name: str
    stored: Mapping[int, float]
    measured: Mapping[int, float]
    margin: Optional[float]
    published: Sequence[float]


@dataclass(frozen=True)
class GateSamples:
    """The samples of a comparison in the gate report."""

    recipe: str
    rung: str
    metrics: Sequence[GateMetric]


@dataclass(frozen=True)
class Job:
    """A part of a batch job."""

    name: str
    state: str
    queued_seconds: float
    ran_seconds: float
    node_hours_used: float
    node_hours_requested: float
    id: str
    part: int
    outcome: str
    nodes: int
    elapse_limit_seconds: float
    retry: bool
    tests: int


@dataclass(frozen=True)
class Jobs:
    """The jobs of a session."""

    file: str
    session: str
    jobs: Sequence[Job]
    left_out: int
    node_hours_used: float
    node_hours_requested: float


@dataclass(frozen=True)
class ChangedValue:
    """A value of a baseline before and after a change; ``what`` is its place in the entry."""

    what: Sequence[str]
    old: Any
    new: Any


@dataclass(frozen=True)
class ChangedMean:
    """The means of a metric over the seeds that a change replaced."""

    metric: str
    seeds: int
    old: Optional[float]
    new: Optional[float]


@dataclass(frozen=True)
class Change:
    """A change of an entry of a baseline; ``rows`` may be limited, ``rows_count`` is their full number."""

    date: str
    reason: str
    first: bool
    rows: Sequence[ChangedValue]
    rows_count: int
    means: Sequence[ChangedMean]
    commit: str


@dataclass(frozen=True)
class HistoryEntry:
    """An entry of a baseline with its changes, oldest first."""

    recipe: str
    rung: str
    key: Sequence[str]
    changes: List[Change]


@dataclass(frozen=True)
class Note:
    """A note at the end of the page: the key of its words, and the values for them."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """All facts of a page."""

    schema: int
    made: str
    version: str
    places: Sequence[str]
    baselines: str
    runs: int
    notes: Sequence[Note]
    groups: Sequence[Group]
    gate: Optional[Gate]
    gate_samples: Sequence[GateSamples]
    jobs: Optional[Jobs]
    history: Sequence[HistoryEntry]
    problems: Sequence[Dict[str, str]]


# What a figure of points is drawn from.
Samples = Union[MetricRow, GateMetric]
