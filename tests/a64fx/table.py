"""The fingerprints of a session as a table: what the gate says, and how far aarch64 is from x86_64. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from mnist_repro.display import table
from mnist_repro.gate.baselines.judge import relative_difference
from mnist_repro.gate.baselines.values import BaselineFile, FingerprintEntry
from mnist_repro.gate.comparison import FINGERPRINT, Comparison, from_fields
from mnist_repro.gate.platform import platform_text

HEADER = ("recipe", "verdict", "on the emulated processor", "stored: furthest from x86_64", "allowed")


def fingerprints(gate: Mapping[str, Any], recipes: Sequence[str], stored: Mapping[str, BaselineFile]) -> str:
    """A row for each recipe.

    Args:
        gate: gate.json of the session.
        recipes: the recipes whose fingerprints were taken.
        stored: the stored fingerprints of each recipe.
    """
    comparisons: Dict[str, Comparison] = {}
    for name, subject in gate["subjects"].items():
        for each in subject["comparisons"]:
            if each["kind"] == FINGERPRINT:
                comparisons[name] = from_fields(each)
    return table(HEADER, [_row(recipe, comparisons.get(recipe), stored[recipe]) for recipe in recipes])


def _row(recipe: str, comparison: Optional[Comparison], stored: BaselineFile) -> List[str]:
    if comparison is None or not comparison.provenance:
        return [recipe, "none", "its test did not come so far", "", ""]
    verdict = comparison.verdict.value if comparison.verdict else "none"
    words = [finding.reason for finding in comparison.judgement.findings] or list(comparison.judgement.notes)
    platform = platform_text(comparison.provenance)
    here, there = (
        stored.entry(comparison.conditions, platform.replace(str(comparison.provenance["machine"]), machine))
        for machine in (str(comparison.provenance["machine"]), "x86_64")
    )
    if not isinstance(here, FingerprintEntry) or not isinstance(there, FingerprintEntry):
        return [recipe, verdict, words[-1], "none stored", ""]
    return [recipe, verdict, words[-1], furthest(there, here), f"{there.tolerance:.0e}"]


def furthest(one: FingerprintEntry, other: FingerprintEntry) -> str:
    """The largest relative difference between the losses of two fingerprints, with its name."""
    if one.exact != other.exact:
        return "counts or checksums differ"
    if one.close.keys() != other.close.keys():
        return "not the same losses"
    apart = {name: relative_difference(value, other.close[name]) for name, value in one.close.items()}
    name = max(apart, key=apart.__getitem__)
    return f"{apart[name]:.1e} ({name})"
