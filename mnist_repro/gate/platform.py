"""The platform of a fingerprint or a sample, as one text. Pure."""

from __future__ import annotations

from typing import Any, Mapping

UNNAMED = "an unnamed platform"


def platform_name(provenance: Mapping[str, Any]) -> str:
    """The platform of a provenance: ``x86_64, TensorFlow 2.21, Keras 3.15``.

    Raises:
        KeyError: the provenance does not name the platform.
    """
    tensorflow, keras = (_minor(str(provenance[name])) for name in ("tensorflow", "keras"))
    return f"{provenance['machine']}, TensorFlow {tensorflow}, Keras {keras}"


def platform_text(provenance: Mapping[str, Any]) -> str:
    """The platform of a provenance as text for people; works also if the provenance does not name the platform."""
    try:
        return platform_name(provenance)
    except KeyError:
        return UNNAMED


def _minor(version: str) -> str:
    return ".".join(version.split("-")[0].split(".")[:2])
