"""The values of a baseline file: entries with earlier measurements, and the history of their changes. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from mnist_repro.errors import BadInput, escaped
from mnist_repro.gate.measured_values import Exact
from mnist_repro.gate.text import conditions_text
from mnist_repro.gate.verdicts import Metric

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=-]*")
_LONGEST_NAME = 200
_PROPOSED = ".proposed"
# The reason of a tolerance that a test states.
STATED = "stated in the test"


def require_name(name: str) -> str:
    """The name of a baseline, if it can be one: letters, digits and ``._+=-``, in folders with ``/``.

    Raises:
        BadInput: it cannot.
    """
    parts = name.split("/") if isinstance(name, str) else [""]
    sound = all(_PART.fullmatch(part) and not part.endswith(_PROPOSED) for part in parts)
    if not sound or len(name) > _LONGEST_NAME:
        raise BadInput(
            f"{escaped(repr(name)[:_LONGEST_NAME])} is no name of a baseline",
            f"it becomes a file: letters, digits and ._+=- are allowed, at most {_LONGEST_NAME}, / for a folder; each "
            f"part begins with a letter or digit, and none ends with {_PROPOSED}",
            "a name such as digits-sgd, or digits/sgd",
        )
    return name


@dataclass(frozen=True)
class Change:
    """One change of a baseline, with its reason for later readers.

    Args:
        date: date of the change, ISO 8601.
        reason: reason of the change.
        replaced: the values that it replaced; empty for a first recording.
    """

    date: str
    reason: str
    replaced: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("a change needs a reason")


class _UnderConditions:
    """What is stored once for each set of conditions."""

    conditions: Mapping[str, str]

    @property
    def key(self) -> Tuple[str, ...]:
        """The key that distinguishes the entries of one file."""
        return _key(self.conditions)

    @property
    def title(self) -> str:
        """The key as text for people."""
        return conditions_text(self.conditions) or "without conditions"


@dataclass(frozen=True)
class SampleEntry(_UnderConditions):
    """Stored runs of one subject under the same conditions.

    Args:
        conditions: what the runs have in common, such as dataset and arithmetic.
        paired: compared seed by seed, else as distributions.
        metrics: the metrics to compare, with direction, margin and reason.
        samples: metric values by seed.
        provenance: what produced the samples.
        history: every change, oldest first.
    """

    conditions: Mapping[str, str]
    paired: bool
    metrics: Tuple[Metric, ...]
    samples: Mapping[int, Mapping[str, float]]
    provenance: Mapping[str, Any]
    history: Tuple[Change, ...]


@dataclass(frozen=True)
class FingerprintEntry:
    """The fingerprint of one subject on one platform: stored, or measured and not yet stored.

    Args:
        conditions: what else it depends on, such as dataset and arithmetic.
        platform: what decides about the last bits: machine architecture, and versions or devices.
        exact: values that must be the same: numbers, texts, hashes.
        close: values that may differ by rounding, such as the losses of steps.
        tolerance: relative tolerance on the close values.
        tolerances: those of close values that have one of their own.
        reason: why the tolerance has this value.
        provenance: what produced the fingerprint.
        history: every change, oldest first.
    """

    conditions: Mapping[str, str]
    platform: str
    exact: Mapping[str, Exact]
    close: Mapping[str, float]
    tolerance: float
    reason: str
    provenance: Mapping[str, Any]
    history: Tuple[Change, ...]
    tolerances: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for tolerance in (self.tolerance, *self.tolerances.values()):
            if not 0.0 < tolerance < 1.0:
                raise ValueError(f"tolerance {tolerance} is not between 0 and 1")

    @property
    def key(self) -> Tuple[str, ...]:
        """The key that distinguishes the entries of one file."""
        return _key(self.conditions, self.platform)

    @property
    def title(self) -> str:
        """The key as text for people."""
        return "; ".join(filter(None, (conditions_text(self.conditions), self.platform)))

    def tolerance_text(self, form: str) -> str:
        """The relative tolerances as text: ``1e-09``, or ``1e-09 to 1e-06`` if the close values have several.

        Args:
            form: how a number is written, such as ``.2g``.
        """
        allowed = [self.tolerances.get(name, self.tolerance) for name in self.close] or [self.tolerance]
        return " to ".join(format(each, form) for each in sorted({min(allowed), max(allowed)}))


@dataclass(frozen=True)
class CasesEntry(_UnderConditions):
    """Values of named cases, such as prompts, images or problems, under the same conditions: stored, or measured.

    Args:
        conditions: what the values have in common.
        metrics: the metrics to compare, with direction, margin and reason.
        cases: by case, the values of each metric: one, or one for each repeat.
        provenance: what produced the values.
        history: every change, oldest first.
    """

    conditions: Mapping[str, str]
    metrics: Tuple[Metric, ...]
    cases: Mapping[str, Mapping[str, Sequence[float]]]
    provenance: Mapping[str, Any]
    history: Tuple[Change, ...]


def _key(conditions: Mapping[str, str], platform: str = "") -> Tuple[str, ...]:
    return (*(f"{name}={conditions[name]}" for name in sorted(conditions)), *([platform] if platform else []))


BaselineEntry = Union[SampleEntry, FingerprintEntry, CasesEntry]


@dataclass(frozen=True)
class Owner:
    """What the code that keeps a baseline adds to it: the commands that a reader types next, and a check.

    Args:
        record: records it again, and leaves a proposal.
        show: shows what is stored.
        diff: compares the proposal with what is stored.
        accept: stores the proposal; ends in the option for the reason.
        rerun: measures again with ``{seeds}`` seeds; empty where nothing can.
        check: refuses an entry that cannot be right, with a ValueError.
    """

    record: str
    show: str
    diff: str
    accept: str
    rerun: str = ""
    check: Callable[[BaselineEntry], object] = lambda entry: None


@dataclass(frozen=True)
class BaselineFile:
    """One file of baselines.

    Args:
        name: its name, such as ``digits-sgd`` or ``vgg7/subset``.
        kind: ``samples``, ``fingerprint`` or ``cases``.
        entries: the entries, each with a different key.
        owner: what the code that keeps it adds to it.
    """

    name: str
    kind: str
    entries: Tuple[BaselineEntry, ...] = ()
    owner: Owner = field(default=Owner("", "", "", ""), compare=False)

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        if len(set(keys)) < len(keys):
            raise ValueError("two entries have the same conditions and platform")

    def entry(self, conditions: Mapping[str, str], platform: str = "") -> Optional[BaselineEntry]:
        """The entry of these conditions and, if it is a fingerprint, this platform; or None."""
        return next((entry for entry in self.entries if entry.key == _key(conditions, platform)), None)

    def samples(self, conditions: Mapping[str, str]) -> Optional[SampleEntry]:
        """The samples of these conditions, or None."""
        entry = self.entry(conditions)
        return entry if isinstance(entry, SampleEntry) else None

    def same_key(self, entry: BaselineEntry) -> Optional[BaselineEntry]:
        """The entry with the same key as another, or None."""
        return next((each for each in self.entries if each.key == entry.key), None)

    def with_entry(self, new: BaselineEntry) -> BaselineFile:
        """The file with ``new`` in the place of the entry with the same key, or at the end."""
        entries = {entry.key: entry for entry in self.entries}
        entries[new.key] = new
        return replace(self, entries=tuple(entries.values()))


def accepted(stored: BaselineFile, proposed: BaselineFile, date: str, reason: str) -> BaselineFile:
    """The stored file with the proposed entries in it, and the change in each entry's history.

    A proposed entry whose values are already stored changes nothing, so that `accept` can run twice. The
    history of the new entries themselves is ignored. ``date`` is an ISO 8601 time.
    """
    for entry in proposed.entries:
        old = stored.same_key(entry)
        if old is not None and same_values(old, entry):
            continue
        change = Change(date, reason, {} if old is None else replaced_values(old, entry))
        history = (*(old.history if old is not None else ()), change)
        stored = stored.with_entry(replace(entry, history=history))
    return stored


def same_values(one: BaselineEntry, other: BaselineEntry) -> bool:
    """Whether two entries have the same measurements and margins; provenance and history do not count."""
    return replace(one, provenance={}, history=()) == replace(other, provenance={}, history=())


def replaced_values(old: BaselineEntry, new: BaselineEntry) -> Dict[str, Any]:
    """The values of ``old`` that ``new`` lacks or changes, with what produced them, in the form of a history."""
    if isinstance(old, SampleEntry) and isinstance(new, SampleEntry):
        replaced = _replaced_samples(old, new)
    elif isinstance(old, FingerprintEntry) and isinstance(new, FingerprintEntry):
        replaced = {
            "exact": _gone(old.exact, new.exact),
            "close": _gone(old.close, new.close),
            "tolerances": _gone(old.tolerances, new.tolerances),
            **_gone({"tolerance": old.tolerance}, {"tolerance": new.tolerance}),
        }
    elif isinstance(old, CasesEntry) and isinstance(new, CasesEntry):
        replaced = {"metrics": _gone_metrics(old.metrics, new.metrics), "cases": _gone(old.cases, new.cases)}
    else:
        raise ValueError(f"{old.key} and {new.key} are entries of different kinds")
    values = {name: value for name, value in replaced.items() if value != {}}
    origin = {name: old.provenance[name] for name in ("commit", "platform") if name in old.provenance}
    return {**values, **origin}


def _replaced_samples(old: SampleEntry, new: SampleEntry) -> Dict[str, Any]:
    """Replaced samples as rows under one list of columns, so that many seeds need little space."""
    names = [metric.name for metric in old.metrics]
    rows = _gone(old.samples, new.samples)
    return {
        "metrics": _gone_metrics(old.metrics, new.metrics),
        "columns": names if rows else {},
        "samples": {seed: [values.get(name) for name in names] for seed, values in rows.items()},
        **_gone({"paired": old.paired}, {"paired": new.paired}),
    }


def _gone_metrics(old: Sequence[Metric], new: Sequence[Metric]) -> Dict[str, Any]:
    return _gone(*({metric.name: _allowed(metric) for metric in metrics} for metrics in (old, new)))


def _allowed(metric: Metric) -> Dict[str, Any]:
    return {name: value for name, value in asdict(metric).items() if name != "name"}


def _gone(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Dict[Any, Any]:
    return {name: value for name, value in old.items() if name not in new or new[name] != value}


def samples_of(entry: SampleEntry, metric: str) -> Dict[int, float]:
    """One metric's stored values by seed."""
    return {seed: values[metric] for seed, values in entry.samples.items() if metric in values}


def values_of(entry: Union[SampleEntry, CasesEntry], metric: str) -> List[float]:
    """One metric's stored values: one for each seed, or the mean of each case."""
    if isinstance(entry, SampleEntry):
        return list(samples_of(entry, metric).values())
    return [sum(values[metric]) / len(values[metric]) for values in entry.cases.values()]
