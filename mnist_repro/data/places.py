"""The places on this machine where MNIST may be, and the environment variables that name them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

from mnist_repro.data.mnist import NPZ

VARIABLE = "MNIST_REPRO_DATA"
OFFLINE = "MNIST_REPRO_OFFLINE"
MIRROR = "MNIST_REPRO_URL"
CACHE = "MNIST_REPRO_CACHE"

# Values of the variable `OFFLINE` that allow the download.
_NOT = ("", "0", "no", "false")
# Values of `VARIABLE` and --data that are not paths.
WORDS = ("mnist", "surrogate")


def named_by_variable() -> Optional[str]:
    """The value of `VARIABLE`: one of `WORDS`, a path, or None if it is unset or empty."""
    return os.environ.get(VARIABLE) or None


def offline() -> bool:
    """Whether `OFFLINE` forbids the download."""
    return os.environ.get(OFFLINE, "").lower() not in _NOT


def expanded(place: str) -> Path:
    """The path of a place as typed; ~ is resolved if the user has a home folder."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def keras_cache() -> Path:
    """The file in which Keras keeps its MNIST."""
    return expanded(os.environ.get("KERAS_HOME") or "~/.keras") / "datasets" / NPZ


def own_cache() -> Path:
    """Our own cache folder: the value of `CACHE`, else the platform's cache folder for this user."""
    named = os.environ.get(CACHE)
    if named:
        return expanded(named)
    import pooch

    return Path(pooch.os_cache("mnist-repro"))
