"""Makes the import of TensorFlow quiet and faster, and says what keeps TensorFlow or Keras from being imported."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import shlex
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional

from mnist_repro.errors import BadInput

# Packages that TensorFlow and Keras import if they are installed, for what we do not use. Together, they take a third
# of the time of the import.
_NOT_NEEDED = ("matplotlib", "pandas", "scipy")
# Variables that keep Keras from being imported, and their values that do so.
_VARIABLES: Dict[str, Callable[[str], bool]] = {
    "TF_USE_LEGACY_KERAS": lambda value: value in ("1", "true", "True") and not _origin("tf_keras"),
    "KERAS_NNX_ENABLED": lambda value: value.lower() in ("1", "true"),
    "KERAS_MAX_EPOCHS": lambda value: not value.isdigit(),
    "KERAS_MAX_STEPS_PER_EPOCH": lambda value: not value.isdigit(),
}


@contextlib.contextmanager
def quick_and_quiet() -> Iterator[None]:
    """A context for the import of TensorFlow; restores all settings at its end."""
    with _chatter_held_back(), _garbage_left_lying(), _left_out(*_NOT_NEEDED), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _left_out(*packages: str) -> Iterator[None]:
    """Make packages look as if they were not installed, unless they are already imported."""
    absent = [package for package in packages if package not in sys.modules]
    # None makes Python's import system raise ImportError.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for package in absent:
            del sys.modules[package]


@contextlib.contextmanager
def _garbage_left_lying() -> Iterator[None]:
    # The import makes a million objects, and almost no garbage. To look through them takes a fifth of the import, a
    # tenth of a second after it, and most of a second when the process ends. So they are never looked through.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
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


def refusal(error: Exception) -> BadInput:
    """The message on a failed import: it names the variable or file that makes the import fail, if there is one."""
    causes = _causes(error)
    reason = f"{type(causes[-1]).__name__}: {causes[-1]}".rstrip(": ")
    for package in ("tensorflow", "keras"):
        stray = _stray(package)
        if stray is not None:
            renamed = stray.with_name(f"{stray.stem}_{stray.suffix}")
            return BadInput(
                f"{stray} is imported instead of the package {package}",
                f"Python imports it instead of the installed package: {reason}",
                f"rename it (mv {shlex.quote(str(stray))} {shlex.quote(str(renamed))}), or take the folder that it is "
                "in out of PYTHONPATH",
            )
    settings = _settings_file(causes)
    if settings is None and not hasattr(sys.modules.get("tensorflow"), "keras"):
        return BadInput(
            "TensorFlow cannot be imported",
            f"it is installed in {_origin('tensorflow')}, but not whole, or not for this Python: {reason}",
            "python -c 'import tensorflow' shows more; pip install 'mnist-repro[tensorflow]' into a fresh environment",
        )
    for name, keeps_out in _VARIABLES.items():
        if name in os.environ and keeps_out(os.environ[name]):
            also = f", or {_install_tf_keras()}" if name == "TF_USE_LEGACY_KERAS" else ""
            return BadInput(
                f"Keras cannot be imported with {name}={os.environ[name]}",
                f"Keras reads this variable when it is imported: {reason}",
                f"unset {name}{also}",
            )
    if settings is not None:
        line = str(traceback.extract_tb(causes[-1].__traceback__)[-1].line).partition("  #")[0]
        return BadInput(
            f"Keras cannot be imported with the settings in {settings}",
            f"Keras reads this file when it is imported, and its line `{line}` gives {reason}",
            # Not another KERAS_HOME: Keras keeps MNIST there too.
            f"mv {shlex.quote(settings)} {shlex.quote(f'{settings}.old')}, so that Keras takes its own settings; or "
            "correct that file",
        )
    return BadInput(
        "Keras cannot be imported",
        f"TensorFlow needs it, and Python finds it in {_origin('keras') or 'no folder'}: {reason}",
        "python -c 'import keras' shows more; pip install 'mnist-repro[tensorflow]' into a fresh environment",
    )


def _causes(error: BaseException) -> List[BaseException]:
    """An error and the errors behind it; the first one to occur is the last."""
    causes = [error]
    while causes[-1].__cause__ or causes[-1].__context__:
        causes.append(causes[-1].__cause__ or causes[-1].__context__)  # type: ignore[arg-type]  # one is not None
    return causes


def _settings_file(causes: List[BaseException]) -> Optional[str]:
    """The keras.json in use, if one of the errors occurred while it was read."""
    for cause in causes:
        frames = (frame for frame, _ in traceback.walk_tb(cause.__traceback__))
        modules = [frame for frame in frames if frame.f_code.co_name == "<module>"]
        # Each version of Keras reads its settings at the top level of a module that has this name. That of Keras 3
        # imports others; an error in one of those is not an error of the settings.
        if modules and os.path.exists(str(modules[-1].f_globals.get("_config_path"))):  # noqa: PTH110
            return str(modules[-1].f_globals["_config_path"])
    return None


def _stray(package: str) -> Optional[Path]:
    """The file or folder that is imported in place of a package, if it was not installed as one."""
    place = Path(_origin(package))
    if place.name == f"{package}.py":
        return place
    folder = place.parent if place.name == "__init__.py" else place
    if folder.name != package:
        return None
    # Of any name: what installs the package tensorflow may be called intel_tensorflow or tf_nightly.
    installed = any(next(folder.parent.glob(f"*.{kind}-info"), None) for kind in ("dist", "egg"))
    return None if installed else folder


def _install_tf_keras() -> str:
    """The command that installs the Keras 2 of this TensorFlow, and leaves this TensorFlow as it is."""
    version = ".".join(str(getattr(sys.modules.get("tensorflow"), "__version__", "")).split(".")[:2])
    return f"pip install --no-deps 'tf_keras=={version}.*'" if version else "pip install --no-deps tf_keras"


def _origin(package: str) -> str:
    """The file or folder from which a package is imported; empty if it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    # A folder without __init__.py has no origin.
    return str(spec.origin or next(iter(spec.submodule_search_locations or []), ""))
