"""Where on this machine MNIST may lie, and what the environment variables say about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

from mnist_repro.data.mnist import NPZ

VARIABLE = "MNIST_REPRO_DATA"
OFFLINE = "MNIST_REPRO_OFFLINE"
MIRROR = "MNIST_REPRO_URL"
CACHE = "MNIST_REPRO_CACHE"

# What a variable that forbids something says where it does not.
_NOT = ("", "0", "no", "false")
# Requests that are no places.
WORDS = ("mnist", "surrogate")


def named_by_variable() -> Optional[str]:
    """What `VARIABLE` asks for: one of `WORDS`, a path, or None where it is unset or empty."""
    return os.environ.get(VARIABLE) or None


def offline() -> bool:
    """Whether `OFFLINE` forbids the download."""
    return os.environ.get(OFFLINE, "").lower() not in _NOT


def expanded(place: str) -> Path:
    """A place as typed, with ~ resolved where the user has a home at all."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def keras_cache() -> Path:
    """Where Keras keeps its MNIST."""
    return expanded(os.environ.get("KERAS_HOME") or "~/.keras") / "datasets" / NPZ


def own_cache() -> Path:
    """Our own cache folder: `CACHE`, or the user's cache folder as this platform has it."""
    named = os.environ.get(CACHE)
    if named:
        return expanded(named)
    import pooch

    return Path(pooch.os_cache("mnist-repro"))
