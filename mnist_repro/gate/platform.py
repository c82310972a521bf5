"""The platform of a fingerprint or a sample, and what differs between two environments, as text. Pure."""

from __future__ import annotations

from typing import Any, List, Mapping

from mnist_repro.gate.sentence import joined, say

UNNAMED = "an unnamed platform"
# The fields of a provenance that say where numbers were made, as people name them; what matters most comes first.
_FIELDS = {
    "machine": "machine",
    "cpu": "CPU",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "numpy": "NumPy",
    "h5py": "h5py",
    "python": "Python",
    "threads": "threads",
    "switches": "switches",
}
# Packages that compute, or that TensorFlow computes with.
_FIRST = ("tensorflow-cpu", "intel-tensorflow", "tf-keras", "ml-dtypes", "scipy", "protobuf")
_PACKAGES_SHOWN = 6


def platform_text(provenance: Mapping[str, Any]) -> str:
    """The platform of a provenance, such as ``x86_64, Python 3.11``, as text for people."""
    return str(provenance.get("platform", UNNAMED))


def environment_note(stored: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    """What differs between the environment of stored values and that of measured values, for a verdict that fails."""
    differences = [
        f"{title} {_shown(measured[name])}, stored {_shown(stored[name])}"
        for name, title in _FIELDS.items()
        if name in stored and name in measured and stored[name] != measured[name]
    ]
    old, new = stored.get("packages"), measured.get("packages")
    unknown = ["the versions of other packages were not stored"]
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        differences += _packages(old, new)
        unknown = []
    if not differences:
        return joined(["environment: nothing that is known differs from the stored", *unknown])
    return joined([say("environment: {differences}", differences="; ".join(differences)), *unknown])


def _packages(stored: Mapping[str, Any], measured: Mapping[str, Any]) -> List[str]:
    """The packages whose versions differ, those that matter first, and no more than fit into some lines."""
    names = sorted({*stored, *measured} - {*_FIELDS}, key=lambda name: (name not in _FIRST, name))
    lines = [
        f"{name} {measured.get(name, 'none')}, stored {stored.get(name, 'none')}"
        for name in names
        if stored.get(name) != measured.get(name)
    ]
    more = len(lines) - _PACKAGES_SHOWN
    return lines[:_PACKAGES_SHOWN] + ([f"and {more} more packages"] if more > 0 else [])


def _shown(value: Any) -> str:
    return (
        (" ".join(f"{name}={item}" for name, item in value.items()) or "none")
        if isinstance(value, dict)
        else str(value)
    )
