"""Judges measurements by baselines: decides which comparisons are made, and in which order. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from mnist_repro.display import counted
from mnist_repro.gate.baselines.values import BaselineFile, CasesEntry, FingerprintEntry, Owner, SampleEntry, samples_of
from mnist_repro.gate.cases import compare_cases
from mnist_repro.gate.comparison import MEASUREMENT, Comparison, Step
from mnist_repro.gate.measured_values import Exact
from mnist_repro.gate.platform import environment_note, platform_text
from mnist_repro.gate.sentence import say
from mnist_repro.gate.statistics import AUTO_SEEDS, Samples, compare_distributions, compare_seed_by_seed, within_text
from mnist_repro.gate.text import conditions_text
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict

# Number of digits of a hash in messages.
DIGITS = 12
_Value = Union[Exact, float]


@dataclass(frozen=True)
class MeasuredSamples:
    """Samples of one subject to be judged.

    Args:
        conditions: the conditions of the measurement.
        values: metric values by seed.
        provenance: what produced the samples.
        data: SHA-256 of the data of each seed; empty if they are not known.
    """

    conditions: Mapping[str, str]
    values: Mapping[int, Mapping[str, float]]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[int, str] = field(default_factory=dict)


def judge_samples(stored: BaselineFile, measured: MeasuredSamples, looks: int = 1) -> Judgement:
    """Compare samples with the stored samples of the same conditions.

    ``looks`` is how often the session may look, with more seeds each time.
    """
    if not measured.values:
        return incomparable("no run was made")
    entry = stored.samples(measured.conditions)
    if entry is None:
        return incomparable(no_baseline(stored, measured.conditions))
    other = _other_data(entry, measured.data)
    if other:
        return incomparable(other)
    findings = [_compare(metric, entry, measured.values, looks) for metric in entry.metrics]
    findings += _strangers(stored, entry.metrics, measured.values)
    notes = _across(entry.provenance, measured.provenance)
    return _explained(Judgement(tuple(findings), notes), entry.provenance, measured.provenance)


def same_bits(stored: BaselineFile, measured: MeasuredSamples) -> bool:
    """Whether every measured value is the stored one of its seed, to the last bit."""
    entry = stored.samples(measured.conditions)
    return entry is not None and all(entry.samples.get(seed) == values for seed, values in measured.values.items())


def judge_fingerprint(stored: BaselineFile, measured: FingerprintEntry) -> Judgement:
    """Compare a fingerprint with the stored fingerprint of the same platform; without one, give only a note."""
    entry = stored.same_key(measured)
    if not isinstance(entry, FingerprintEntry):
        others = [
            each.platform
            for each in stored.entries
            if isinstance(each, FingerprintEntry) and each.conditions == measured.conditions
        ]
        if not others:
            return incomparable(no_baseline(stored, measured.conditions))
        note = say(
            "no fingerprint is stored for {platform}, but for {others}: the verdict rests on samples",
            platform=measured.platform,
            others="; ".join(others),
        )
        return Judgement((), (note,))
    findings = (_first_exact_difference(entry, measured.exact), _first_close_difference(entry, measured.close))
    return _explained(Judgement(findings), entry.provenance, measured.provenance)


def judge_cases(stored: BaselineFile, measured: CasesEntry) -> Judgement:
    """Compare cases with the stored cases of the same conditions; each is paired with the one of its name."""
    entry = stored.entry(measured.conditions)
    if not isinstance(entry, CasesEntry):
        return incomparable(no_baseline(stored, measured.conditions))
    cases = measured.cases
    for what, some, others in (("stored and missing", entry.cases, cases), ("new", cases, entry.cases)):
        odd = [case for case in some if case not in others]
        if odd:
            owner = stored.owner
            return incomparable(
                f"{counted(len(odd), 'case')} {what}: {', '.join(odd[:5])}; each has to be in both; "
                f"if that is meant: {owner.record}, then {owner.accept} …"
            )
    digest = measured.provenance.get("dataset_sha256")
    other = _other_data(entry, {"": digest} if digest else {})
    if other:
        return incomparable(other)
    lost = [metric.name for metric in entry.metrics if metric.name not in next(iter(cases.values()))]
    findings = [Finding(name, Verdict.INCOMPARABLE, "it was not measured") for name in lost]
    findings += _strangers(stored, entry.metrics, cases)
    for metric in entry.metrics:
        if metric.name not in lost:
            before, now = ({case: side[case][metric.name] for case in entry.cases} for side in (entry.cases, cases))
            findings.append(compare_cases(metric, before, now, len(entry.metrics)))
    notes = _across(entry.provenance, measured.provenance)
    return _explained(Judgement(tuple(findings), notes), entry.provenance, measured.provenance)


def compared(
    stored: BaselineFile, judgement: Judgement, measured: Union[MeasuredSamples, FingerprintEntry, CasesEntry]
) -> Comparison:
    """The comparison of a measurement with its baseline: the judgement, what can be accepted, what to type next."""
    samples = measured.values if isinstance(measured, MeasuredSamples) else {}
    taken: Dict[str, Any] = {"cases": measured.cases} if isinstance(measured, CasesEntry) else {}
    if isinstance(measured, FingerprintEntry):
        taken = {"exact": measured.exact, "close": measured.close, "tolerance": measured.tolerance}
    # Without a baseline, `show` has nothing to show.
    owner = stored.owner if stored.entries else replace(stored.owner, show="")
    steps = next_steps(judgement, len(samples), owner)
    return Comparison(
        stored.name, stored.kind, judgement, measured.conditions, samples, measured.provenance, steps, taken
    )


def next_steps(judgement: Judgement, seeds: int, owner: Owner) -> Tuple[Step, ...]:
    """The next steps after a judgement of samples or a fingerprint."""
    findings = judgement.findings
    verdicts = {finding.verdict for finding in findings if not finding.passes}
    needed = [finding.seeds_needed for finding in findings if finding.verdict is Verdict.INCONCLUSIVE]
    foretold = [count for count in needed if count]
    hopeless = len(foretold) < len(needed)
    steps: List[Step] = []
    if verdicts & {Verdict.CHANGED, Verdict.IMPROVED, Verdict.REGRESSED} or hopeless:
        steps += [
            ("to see more", f"{owner.record} && {owner.diff}"),
            ("to accept it, if it is meant, after that", f"{owner.accept} '…'"),
        ]
    if foretold and not hopeless and owner.rerun:
        enough = seeds < AUTO_SEEDS[-1] >= max(foretold)
        wanted = "auto" if enough else str(max([*foretold, seeds + 1]))
        steps.append(("to settle it", owner.rerun.format(seeds=wanted)))
    # Where nothing was measured, the reason ends with what to do.
    if Verdict.INCOMPARABLE in verdicts and findings[0].name != MEASUREMENT and owner.show:
        steps.append(("to see what is stored", owner.show))
    return tuple(steps)


def incomparable(why: str) -> Judgement:
    """The judgement on what cannot be compared with its baseline."""
    return Judgement((Finding("baseline", Verdict.INCOMPARABLE, why),))


def no_baseline(stored: BaselineFile, conditions: Mapping[str, str]) -> str:
    """Why there is nothing to compare with under these conditions, and what to type."""
    there = "; ".join(entry.title for entry in stored.entries) or "nothing"
    owner = stored.owner
    return say(
        "no baseline for {conditions} (stored: {stored}); to make one: {record}, then {accept} …",
        conditions=conditions_text(conditions) or stored.name,
        stored=there,
        record=owner.record,
        accept=owner.accept,
    )


def _explained(judgement: Judgement, stored: Mapping[str, Any], measured: Mapping[str, Any]) -> Judgement:
    """The judgement; if it does not pass, with a note on what differs between the environments."""
    if judgement.passes:
        return judgement
    return replace(judgement, notes=(*judgement.notes, environment_note(stored, measured)))


def _compare(metric: Metric, entry: SampleEntry, measured: Mapping[int, Mapping[str, float]], looks: int) -> Finding:
    missing = [seed for seed, values in measured.items() if metric.name not in values]
    if missing:
        why = say("the run of seed {seed} does not have it", seed=missing[0])
        return Finding(metric.name, Verdict.INCOMPARABLE, why)
    values = {seed: each[metric.name] for seed, each in measured.items()}
    return compare(metric, entry, values, looks)


def compare(metric: Metric, entry: SampleEntry, measured: Samples, looks: int = 1) -> Finding:
    """Compare one metric with the stored samples, as their entry says: seed by seed, or as distributions."""
    stored = samples_of(entry, metric.name)
    if entry.paired:
        return compare_seed_by_seed(metric, stored, measured)
    return compare_distributions(metric, stored, measured, len(entry.metrics), looks)


def _strangers(
    stored: BaselineFile, metrics: Sequence[Metric], measured: Mapping[Any, Mapping[str, Any]]
) -> List[Finding]:
    """A finding for each metric that was measured but is not stored."""
    known = {metric.name for metric in metrics}
    extra = sorted({name for values in measured.values() for name in values} - known)
    owner = stored.owner
    why = say(
        "it was measured, but no baseline is stored for it; to make one: {record}, then {accept} …",
        record=owner.record,
        accept=owner.accept,
    )
    return [Finding(name, Verdict.INCOMPARABLE, why) for name in extra]


def _first_exact_difference(entry: FingerprintEntry, exact: Mapping[str, Exact]) -> Finding:
    for name in (*entry.exact, *exact):
        stored, measured = entry.exact.get(name), exact.get(name)
        if stored != measured:
            return _changed(name, stored, measured, "the exact values differ from here on")
    why = say("{count:exact value} compared, equal", count=len(entry.exact))
    return Finding("exact values", Verdict.EQUIVALENT, why)


def _first_close_difference(entry: FingerprintEntry, close: Mapping[str, float]) -> Finding:
    furthest = 0.0
    for name in (*entry.close, *close):
        stored, measured = entry.close.get(name), close.get(name)
        apart = math.nan if stored is None or measured is None else relative_difference(stored, measured)
        # NaN comes from a missing value or a diverged run, and is a difference.
        if math.isnan(apart):
            return _changed(name, stored, measured, "the value is missing, or is not a number")
        allowed = entry.tolerances.get(name, entry.tolerance)
        if apart > allowed:
            template = "{apart} apart, relative, where {tolerance} is allowed"
            why = say(template, apart=f"{apart:.1e}", tolerance=f"{allowed:.1e}")
            return _changed(name, stored, measured, why)
        furthest = max(furthest, apart)
    template = "{count:value} within {tolerance}"
    why = within_text(template, furthest, count=len(entry.close), tolerance=entry.tolerance_text(".1e"))
    return Finding("close values", Verdict.EQUIVALENT, why)


def relative_difference(stored: float, measured: float) -> float:
    """The difference of two values, relative to the stored value; NaN if a value is NaN."""
    return abs(measured - stored) / max(abs(stored), 1e-12)


def _changed(name: str, stored: Optional[_Value], measured: Optional[_Value], why: str) -> Finding:
    stored_text, measured_text = ("none" if value is None else f"{value!r}" for value in (stored, measured))
    return Finding(name, Verdict.CHANGED, why, stored_text, measured_text)


def _other_data(entry: Union[SampleEntry, CasesEntry], data: Mapping[Any, str]) -> str:
    """Why samples and entry are of different data, even if the conditions agree; empty if they are the same."""
    stored = entry.provenance.get("dataset_sha256")
    for seed, digest in data.items():
        if stored is not None and digest != stored:
            new, old = (str(each)[:DIGITS] for each in (digest, stored))
            whose = "" if seed == "" else " of seed {seed}"
            template = f"the data{whose} hash to {{ours}}…, those of the stored runs to {{theirs}}…"
            return say(template, seed=seed, ours=new, theirs=old)
    return ""


def _across(stored: Mapping[str, Any], measured: Mapping[str, Any]) -> Tuple[str, ...]:
    """A note if the stored samples are of another platform."""
    if "platform" not in stored or "platform" not in measured:
        return ("the samples do not say on which platform they were measured",)
    old, new = platform_text(stored), platform_text(measured)
    return () if old == new else (say("stored on {theirs}, measured on {ours}", theirs=old, ours=new),)
