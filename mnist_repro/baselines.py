"""Baselines as values: what was measured before, entry by entry, and how it became what it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple, Union

from mnist_repro.verdicts import Metric

RUNGS = ("fingerprint", "subset", "full")


@dataclass(frozen=True)
class Change:
    """One change of a baseline, for those who ask later why.

    Args:
        date: of the change, ISO 8601.
        reason: that was given for it.
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
        dataset: its name.
        arithmetic: ``original`` or ``framework``.
        paired: compared seed by seed, else as distributions.
        metrics: what is compared, with direction, margin and reason.
        samples: metric values by seed.
        provenance: what produced them.
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
        """What tells entries of one file apart."""
        return (self.dataset, self.arithmetic)


@dataclass(frozen=True)
class FingerprintEntry:
    """The stored fingerprint of one recipe on one platform.

    Args:
        dataset: its name.
        arithmetic: ``original`` or ``framework``.
        platform: machine architecture, TensorFlow and Keras minor version.
        exact: counts and checksums.
        losses: losses of steps and scores.
        tolerance: relative, on the losses.
        reason: why that tolerance.
        provenance: what produced it.
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
        """What tells entries of one file apart."""
        return (self.dataset, self.arithmetic, self.platform)


Entry = Union[SampleEntry, FingerprintEntry]


@dataclass(frozen=True)
class BaselineFile:
    """One file of a recipe's baselines.

    Args:
        recipe: its name.
        rung: ``fingerprint``, ``subset`` or ``full``.
        entries: no two with the same key.
    """

    recipe: str
    rung: str
    entries: Tuple[Entry, ...] = ()

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        if len(set(keys)) < len(keys):
            raise ValueError("two entries have the same dataset, arithmetic and platform")

    def entry(self, *key: str) -> Optional[Entry]:
        """The entry with this key, if there is one."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def with_entry(self, new: Entry) -> BaselineFile:
        """The same file with ``new`` in the place of what had its key, or at the end."""
        kept = {entry.key: entry for entry in self.entries}
        kept[new.key] = new
        return BaselineFile(self.recipe, self.rung, tuple(kept.values()))


def platform_name(provenance: Mapping[str, Any]) -> str:
    """The platform of a fingerprint: ``x86_64, TensorFlow 2.21, Keras 3.15``."""
    tensorflow, keras = (_minor(str(provenance[name])) for name in ("tensorflow", "keras"))
    return f"{provenance['machine']}, TensorFlow {tensorflow}, Keras {keras}"


def _minor(version: str) -> str:
    return ".".join(version.split("-")[0].split(".")[:2])


def samples_of(entry: SampleEntry, metric: str) -> Dict[int, float]:
    """One metric's stored values by seed."""
    return {seed: values[metric] for seed, values in entry.samples.items() if metric in values}
