"""Judges measurements by baselines: decides which comparisons are made, and in which order. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, List, Mapping, Optional, Sequence

from mnist_repro.data.dataset import UNRECOGNISED
from mnist_repro.gate.baselines.values import BaselineFile, FingerprintEntry, SampleEntry, samples_of
from mnist_repro.gate.platform import environment_note, platform_name
from mnist_repro.gate.statistics import compare_distributions, compare_seed_by_seed
from mnist_repro.gate.verdicts import Finding, Judgement, Metric, Verdict
from mnist_repro.runs.metrics import metric_values, metrics_in_session, values_by_seed
from mnist_repro.runs.run import Run

# Number of digits of a hash in messages.
DIGITS = 12


def judge_samples(stored: BaselineFile, runs: Sequence[Run]) -> Judgement:
    """Compare runs of one recipe with the stored runs of the same scale, dataset and arithmetic.

    Args:
        stored: the baseline of the runs' recipe and scale.
        runs: at least one run; all of one dataset and arithmetic, each of a different seed.
    """
    if not runs:
        return _incomparable(stored, "no run was made")
    first = runs[0]
    mixed = _mixed(stored, runs)
    if mixed:
        return _incomparable(stored, mixed)
    entry = stored.entry(first.dataset["name"], first.arithmetic)
    if not isinstance(entry, SampleEntry):
        return _incomparable(stored, _no_baseline(stored, first.dataset["name"], first.arithmetic))
    other = _other_data(entry, runs)
    if other:
        return _incomparable(stored, other)
    findings = [_compare(metric, entry, runs, stored.rung) for metric in entry.metrics]
    findings += _strangers(entry, runs, stored.rung)
    notes = _across(entry.provenance, first.provenance)
    return _explained(Judgement(stored.recipe, tuple(findings), notes), entry.provenance, first.provenance)


def judge_fingerprint(
    stored: BaselineFile,
    exact: Mapping[str, int],
    losses: Mapping[str, float],
    dataset: str,
    arithmetic: str,
    provenance: Mapping[str, Any],
) -> Judgement:
    """Compare a fingerprint with the stored fingerprint of the same platform; without one, give only a note."""
    platform = platform_name(provenance)
    entry = stored.entry(dataset, arithmetic, platform)
    if not isinstance(entry, FingerprintEntry):
        others = "; ".join(each.key[2] for each in stored.entries if each.key[:2] == (dataset, arithmetic))
        if not others:
            return _incomparable(stored, _no_baseline(stored, dataset, arithmetic))
        note = f"no fingerprint is stored for {platform}, but for {others}: the verdict rests on samples"
        return Judgement(stored.recipe, (), (note,))
    findings = (_first_exact_difference(entry, exact), _first_loss_difference(entry, losses))
    return _explained(Judgement(stored.recipe, findings), entry.provenance, provenance)


def _explained(judgement: Judgement, stored: Mapping[str, Any], measured: Mapping[str, Any]) -> Judgement:
    """The judgement; if it does not pass, with a note on what differs between the environments."""
    if judgement.verdict.passes:
        return judgement
    return replace(judgement, notes=(*judgement.notes, environment_note(stored, measured)))


def record_command(recipe: str, rung: str, dataset: str = "", arithmetic: str = "", folder: str = "") -> str:
    """The command that records only this baseline; ``folder`` is the option that names its folder."""
    return f"mnist-repro baseline record {recipe} --rung {rung}{options(dataset, arithmetic)}{folder}"


def options(dataset: str, arithmetic: str) -> str:
    """The options for a dataset and arithmetic that are not the default; empty for the default."""
    data = f" --data {dataset}" if dataset not in ("", "mnist", UNRECOGNISED) else ""
    return data + (f" --arithmetic {arithmetic}" if arithmetic == "framework" else "")


def _compare(metric: Metric, entry: SampleEntry, runs: Sequence[Run], rung: str) -> Finding:
    measured = values_by_seed(runs, metric.name)
    missing = [run.seed for run in runs if run.seed not in measured]
    if missing:
        why = f"the run of seed {missing[0]} does not have it"
        return Finding(rung, metric.name, Verdict.INCOMPARABLE, why)
    stored = samples_of(entry, metric.name)
    if entry.paired:
        return compare_seed_by_seed(metric, stored, measured, rung)
    return compare_distributions(metric, stored, measured, rung, metrics_in_session(rung))


def _strangers(entry: SampleEntry, runs: Sequence[Run], rung: str) -> List[Finding]:
    """A finding for each metric that was measured but is not stored."""
    known = {metric.name for metric in entry.metrics}
    extra = sorted({name for run in runs for name in metric_values(run)} - known)
    why = "it was measured, but no baseline is stored for it"
    return [Finding(rung, name, Verdict.INCOMPARABLE, why) for name in extra]


def _first_exact_difference(entry: FingerprintEntry, exact: Mapping[str, int]) -> Finding:
    for name in (*entry.exact, *exact):
        stored, measured = entry.exact.get(name), exact.get(name)
        if stored != measured:
            return _fingerprint_finding(name, stored, measured, "the counts and checksums differ from here on")
    why = f"{len(entry.exact)} counts and checksums are equal"
    return Finding("fingerprint", "what is fed and scored", Verdict.EQUIVALENT, why)


def _first_loss_difference(entry: FingerprintEntry, losses: Mapping[str, float]) -> Finding:
    furthest = 0.0
    for name in (*entry.losses, *losses):
        stored, measured = entry.losses.get(name), losses.get(name)
        apart = math.nan if stored is None or measured is None else relative_difference(stored, measured)
        # Not `>`: NaN comes from a missing value or a diverged run, and is a difference.
        if not apart <= entry.tolerance:
            why = f"{apart:.1e} apart, relative, where {entry.tolerance:.1e} is allowed"
            return _fingerprint_finding(name, stored, measured, why)
        furthest = max(furthest, apart)
    why = f"{len(entry.losses)} losses are within {entry.tolerance:.1e}, at most {furthest:.1e} apart"
    return Finding("fingerprint", "losses", Verdict.EQUIVALENT, why)


def relative_difference(stored: float, measured: float) -> float:
    """The difference of two losses, relative to the stored loss; NaN if a loss is NaN."""
    return abs(measured - stored) / max(abs(stored), 1e-12)


def _fingerprint_finding(name: str, stored: Optional[float], measured: Optional[float], why: str) -> Finding:
    stored_text, measured_text = ("none" if value is None else f"{value!r}" for value in (stored, measured))
    return Finding("fingerprint", name, Verdict.CHANGED, why, stored_text, measured_text)


def _mixed(stored: BaselineFile, runs: Sequence[Run]) -> str:
    """Why these runs cannot be judged together; empty if they can."""
    for name, values in (
        ("recipe", {run.recipe for run in runs} | {stored.recipe}),
        ("scale", {run.scale for run in runs} | {stored.rung}),
        ("dataset", {run.dataset["name"] for run in runs}),
        ("arithmetic", {run.arithmetic for run in runs}),
    ):
        if len(values) > 1:
            return f"different {name}s: {', '.join(sorted(values))}"
    seeds = [run.seed for run in runs]
    doubled = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    return f"seed {doubled[0]} comes twice, which would count one run as two" if doubled else ""


def _no_baseline(stored: BaselineFile, dataset: str, arithmetic: str) -> str:
    there = ", ".join(" / ".join(entry.key) for entry in stored.entries) or "nothing"
    what = f"no baseline for {dataset} data in {arithmetic} arithmetic (stored: {there})"
    if dataset == UNRECOGNISED:
        return f"{what}, and none can be made: only MNIST and the surrogate have one; --data mnist, or --data surrogate"
    record = record_command(stored.recipe, stored.rung, dataset, arithmetic, stored.option)
    return f"{what}; to make one: {record}, then mnist-repro baseline accept {stored.recipe}{stored.option} --reason …"


def _other_data(entry: SampleEntry, runs: Sequence[Run]) -> str:
    """Why runs and entry are of different images, even if the datasets have one name; empty if they are the same."""
    stored = entry.provenance.get("dataset_sha256")
    for run in runs:
        if stored is not None and run.dataset["sha256"] != stored:
            new, old = (str(digest)[:DIGITS] for digest in (run.dataset["sha256"], stored))
            return f"the {entry.dataset} data of seed {run.seed} hash to {new}…, those of the stored runs to {old}…"
    return ""


def _incomparable(stored: BaselineFile, why: str) -> Judgement:
    return Judgement(stored.recipe, (Finding(stored.rung, "baseline", Verdict.INCOMPARABLE, why),))


def _across(stored: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, ...]:
    """A note if the stored samples are of another platform."""
    try:
        old, new = platform_name(stored), platform_name(measured)
    except KeyError:
        return ("the samples do not say on which platform they were measured",)
    return () if old == new else (f"stored on {old}, measured on {new}",)
