"""Makes the import of TensorFlow quiet and faster."""

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
    """A context for the import of TensorFlow; restores all settings at its end."""
    # If matplotlib is installed, Keras 3 imports pyplot for pictures that we do not need. That takes a quarter of the
    # time of TensorFlow's import.
    with _chatter_held_back(), _garbage_left_lying(), _left_out("matplotlib"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _left_out(package: str) -> Iterator[None]:
    """Make a package look as if it were not installed, unless it is already imported."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # None makes Python's import system raise ImportError
    try:
        yield
    finally:
        del sys.modules[package]


@contextlib.contextmanager
def _garbage_left_lying() -> Iterator[None]:
    # The import makes a million objects and almost no garbage: the garbage collector takes a fifth of its time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _chatter_held_back() -> Iterator[None]:
    """Hold back the output of C++ code on standard error, and show it only if the block fails.

    TensorFlow announces oneDNN at every import, before any log level has an effect.
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
