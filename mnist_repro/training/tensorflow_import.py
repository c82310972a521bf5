"""What surrounds the import of TensorFlow: it is not heard, and does not do what nobody here needs."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
import warnings
from typing import Iterator


@contextlib.contextmanager
def quick_and_quiet() -> Iterator[None]:
    """Around the import of TensorFlow; leaves everything as it was."""
    # Keras 3 imports pyplot at once, where it is installed, for pictures that nobody here asks it for: that would be a
    # quarter of TensorFlow's import.
    with _chatter_held_back(), _garbage_left_lying(), _left_out("matplotlib"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _left_out(package: str) -> Iterator[None]:
    """Let a package that is not imported yet look as if it were not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # so Python's import system calls what cannot be imported
    try:
        yield
    finally:
        del sys.modules[package]


@contextlib.contextmanager
def _garbage_left_lying() -> Iterator[None]:
    # An import makes a million objects and hardly any garbage: looking for it takes a fifth of TensorFlow's import.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _chatter_held_back() -> Iterator[None]:
    """Keep what C++ code writes to standard error, and show it only if the block fails.

    TensorFlow announces oneDNN on every import, before any log level is in force.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
