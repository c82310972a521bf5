"""The values of a baseline file: entries with earlier measurements, and the history of their changes. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from mnist_repro.gate.verdicts import Metric

FINGERPRINT = "fingerprint"
PUBLISHED = "published"
# The rungs with baseline files. ``published`` has none: published figures are not our measurements.
RUNGS = (FINGERPRINT, "subset", "full")


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


@dataclass(frozen=True)
class SampleEntry:
    """Stored runs of one recipe at one scale, on one dataset, with one arithmetic.

    Args:
        dataset: name of the dataset.
        arithmetic: ``original`` or ``framework``.
        paired: compared seed by seed, else as distributions.
        metrics: the metrics to compare, with direction, margin and reason.
        samples: metric values by seed.
        provenance: what produced the samples.
        history: every change, oldest first.
    """

    dataset: str
    arithmetic: str
    paired: bool
    metrics: Tuple[Metric, ...]
    samples: Mapping[int, Mapping[str, float]]
    provenance: Mapping[str, Any]
    history: Tuple[Change, ...]

    @property
    def key(self) -> Tuple[str, ...]:
        """The key that distinguishes the entries of one file."""
        return (self.dataset, self.arithmetic)


@dataclass(frozen=True)
class FingerprintEntry:
    """The stored fingerprint of one recipe on one platform.

    Args:
        dataset: name of the dataset.
        arithmetic: ``original`` or ``framework``.
        platform: machine architecture, TensorFlow and Keras minor version.
        exact: counts and checksums.
        losses: losses of steps and scores.
        tolerance: relative tolerance on the losses.
        reason: why the tolerance has this value.
        provenance: what produced the fingerprint.
        history: every change, oldest first.
    """

    dataset: str
    arithmetic: str
    platform: str
    exact: Mapping[str, int]
    losses: Mapping[str, float]
    tolerance: float
    reason: str
    provenance: Mapping[str, Any]
    history: Tuple[Change, ...]

    def __post_init__(self) -> None:
        if not 0.0 < self.tolerance < 1.0:
            raise ValueError(f"tolerance {self.tolerance} is not between 0 and 1")

    @property
    def key(self) -> Tuple[str, ...]:
        """The key that distinguishes the entries of one file."""
        return (self.dataset, self.arithmetic, self.platform)


BaselineEntry = Union[SampleEntry, FingerprintEntry]


@dataclass(frozen=True)
class BaselineFile:
    """One file of a recipe's baselines.

    Args:
        recipe: name of the recipe.
        rung: ``fingerprint``, ``subset`` or ``full``.
        entries: the entries, each with a different key.
        option: option with which a command uses the file's folder; see `mnist_repro.gate.baselines.folder`.
    """

    recipe: str
    rung: str
    entries: Tuple[BaselineEntry, ...] = ()
    option: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        if len(set(keys)) < len(keys):
            raise ValueError("two entries have the same dataset, arithmetic and platform")

    def entry(self, *key: str) -> Optional[BaselineEntry]:
        """The entry with this key, or None."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def with_entry(self, new: BaselineEntry) -> BaselineFile:
        """The file with ``new`` in the place of the entry with the same key, or at the end."""
        entries = {entry.key: entry for entry in self.entries}
        entries[new.key] = new
        return BaselineFile(self.recipe, self.rung, tuple(entries.values()))


def accepted(stored: BaselineFile, proposed: BaselineFile, date: str, reason: str) -> BaselineFile:
    """The stored file with the proposed entries in it, and the change in each entry's history.

    A proposed entry whose values are already stored changes nothing, so that `accept` can run twice.

    Args:
        stored: the current file.
        proposed: new entries of the same recipe and rung; their own history is ignored.
        date: date of the change, ISO 8601.
        reason: why the new values are right.
    """
    for entry in proposed.entries:
        old = stored.entry(*entry.key)
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
            "losses": _gone(old.losses, new.losses),
            **_gone({"tolerance": old.tolerance}, {"tolerance": new.tolerance}),
        }
    else:
        raise ValueError(f"{old.key} and {new.key} are entries of different kinds")
    values = {name: value for name, value in replaced.items() if value != {}}
    origin = {name: old.provenance[name] for name in ("commit", "tensorflow", "keras") if name in old.provenance}
    return {**values, **origin}


def _replaced_samples(old: SampleEntry, new: SampleEntry) -> Dict[str, Any]:
    """Replaced samples as rows under one list of columns, so that many seeds need little space."""
    names = [metric.name for metric in old.metrics]
    rows = _gone(old.samples, new.samples)
    allowed = {metric.name: _allowed(metric) for metric in old.metrics}
    return {
        "metrics": _gone(allowed, {metric.name: _allowed(metric) for metric in new.metrics}),
        "columns": names if rows else {},
        "samples": {seed: [values.get(name) for name in names] for seed, values in rows.items()},
        **_gone({"paired": old.paired}, {"paired": new.paired}),
    }


def _allowed(metric: Metric) -> Dict[str, Any]:
    return {name: value for name, value in asdict(metric).items() if name != "name"}


def _gone(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Dict[Any, Any]:
    return {name: value for name, value in old.items() if name not in new or new[name] != value}


def samples_of(entry: SampleEntry, metric: str) -> Dict[int, float]:
    """One metric's stored values by seed."""
    return {seed: values[metric] for seed, values in entry.samples.items() if metric in values}
