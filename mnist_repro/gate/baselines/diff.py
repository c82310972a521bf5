"""Compares proposed entries with stored entries: a verdict on what `baseline accept` would change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple, Union

from mnist_repro.display import counted
from mnist_repro.gate.baselines.judge import (
    DIGITS,
    compare,
    judge_cases,
    judge_fingerprint,
)
from mnist_repro.gate.baselines.values import (
    BaselineEntry,
    BaselineFile,
    CasesEntry,
    FingerprintEntry,
    SampleEntry,
    samples_of,
)
from mnist_repro.gate.platform import platform_text
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict

NEW = "new"


@dataclass(frozen=True)
class Difference:
    """One proposed entry, compared with the stored entry.

    Args:
        name: name of the baseline.
        proposed: the new entry.
        stored: the entry that it would replace; None if there is none.
        judgement: judgement on the new entry by the stored entry.
    """

    name: str
    proposed: BaselineEntry
    stored: Optional[BaselineEntry]
    judgement: Judgement

    @property
    def verdict(self) -> str:
        """The worst finding, or `NEW`."""
        return NEW if self.stored is None else self.judgement.verdict.value

    @property
    def passes(self) -> bool:
        """Whether the proposed entry is equivalent to the stored entry."""
        return self.stored is not None and self.judgement.verdict.passes


def differences(stored: BaselineFile, proposed: BaselineFile) -> Tuple[Difference, ...]:
    """A difference for every proposed entry; the stored entry with the same key judges it."""
    return tuple(_difference(stored, entry) for entry in proposed.entries)


def _difference(stored: BaselineFile, entry: BaselineEntry) -> Difference:
    old = stored.same_key(entry)
    if old is None:
        judgement = Judgement(())
    elif isinstance(old, FingerprintEntry) and isinstance(entry, FingerprintEntry):
        judgement = _judge_fingerprint(stored, old, entry)
    elif isinstance(old, CasesEntry) and isinstance(entry, CasesEntry):
        judged = judge_cases(stored, entry)
        judgement = Judgement(judged.findings, (*judged.notes, *_margins(old, entry)))
    else:
        assert isinstance(old, SampleEntry)  # noqa: S101 - a file holds one kind
        assert isinstance(entry, SampleEntry)  # noqa: S101
        judgement = _judge_samples(old, entry)
    return Difference(stored.name, entry, old, judgement)


def _judge_fingerprint(stored: BaselineFile, old: FingerprintEntry, new: FingerprintEntry) -> Judgement:
    if platform_text(new.provenance) != new.platform:
        why = f"it is proposed for {new.platform}, and was taken on {platform_text(new.provenance)}"
        return Judgement((Finding("platform", Verdict.INCOMPARABLE, why),))
    judged = judge_fingerprint(stored, new)
    notes = list(judged.notes)
    if old.tolerance != new.tolerance:
        notes.append(f"tolerance {old.tolerance:.2g} stored, {new.tolerance:.2g} proposed")
    return Judgement(judged.findings, tuple(notes))


def _judge_samples(old: SampleEntry, new: SampleEntry) -> Judgement:
    stored_metrics, proposed_metrics = ({metric.name: metric for metric in entry.metrics} for entry in (old, new))
    findings: List[Finding] = []
    for name in {**stored_metrics, **proposed_metrics}:
        if name in stored_metrics and name in proposed_metrics:
            findings.append(_compare(stored_metrics[name], old, new))
        else:
            why = f"it is {'proposed' if name in proposed_metrics else 'stored'} only"
            findings.append(Finding(name, Verdict.INCOMPARABLE, why))
    findings += _lost_seeds(old, new) + _other_data(old, new)
    return Judgement(tuple(findings), (*_seed_notes(old, new), *_across(old, new), *_margins(old, new)))


def _compare(metric: Metric, old: SampleEntry, new: SampleEntry) -> Finding:
    measured = samples_of(new, metric.name)
    if old.paired:
        # A note reports additional seeds; they do not prevent the comparison of the common seeds.
        measured = {seed: value for seed, value in measured.items() if seed in old.samples} or measured
    return compare(metric, old, measured)


def _lost_seeds(old: SampleEntry, new: SampleEntry) -> List[Finding]:
    """A finding if stored samples would be lost, even if the other samples agree."""
    lost = sorted(set(old.samples) - set(new.samples))
    if not lost:
        return []
    why = f"stored and not proposed, so that they would go: {', '.join(map(str, lost))}"
    stored, proposed = (counted(len(entry.samples), "seed") for entry in (old, new))
    return [Finding("seeds", Verdict.INCOMPARABLE, why, stored, proposed)]


def _other_data(old: SampleEntry, new: SampleEntry) -> List[Finding]:
    """A finding if two datasets have the same name and different images."""
    stored, proposed = (str(entry.provenance.get("dataset_sha256", ""))[:DIGITS] for entry in (old, new))
    if not stored or not proposed or stored == proposed:
        return []
    why = "the data are not the same"
    return [Finding("SHA-256 of the data", Verdict.INCOMPARABLE, why, f"{stored}…", f"{proposed}…")]


def _seed_notes(old: SampleEntry, new: SampleEntry) -> List[str]:
    more = sorted(set(new.samples) - set(old.samples))
    return [f"additional seeds proposed: {', '.join(map(str, more))}"] if more else []


def _across(old: SampleEntry, new: SampleEntry) -> List[str]:
    stored, proposed = platform_text(old.provenance), platform_text(new.provenance)
    return [] if stored == proposed else [f"stored on {stored}, proposed on {proposed}"]


def _margins(old: Union[SampleEntry, CasesEntry], new: Union[SampleEntry, CasesEntry]) -> List[str]:
    """A note on each margin that would change."""
    stored = {metric.name: metric.margin for metric in old.metrics}
    return [
        f"margin of {metric.name}: {stored[metric.name]:.3g} stored, {metric.margin:.3g} proposed"
        for metric in new.metrics
        if metric.name in stored and stored[metric.name] != metric.margin
    ]
