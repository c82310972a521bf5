"""The provenance of a run: versions, CPU, threads, commit, time, packages."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, Optional

import mnist_repro
from mnist_repro.files.environment import commit, cpu, packages
from mnist_repro.runs.run import platform_name
from mnist_repro.training import framework

_CHECKOUT = Path(__file__).resolve().parents[2]
# Environment variables that change how TensorFlow rounds.
_SWITCHES = ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")


def provenance(seconds: float, code: Optional[str] = None) -> Dict[str, Any]:
    """The provenance of a run that ends now on this machine.

    Args:
        seconds: wall time of the run.
        code: digest of the code that trained it; left out if it is None.
    """
    versions = {
        "python": platform.python_version(),
        "tensorflow": str(framework.tensorflow().__version__),
        "keras": framework.keras_version(),
        "numpy": _version("numpy"),
        "h5py": _version("h5py"),
        "machine": platform.machine(),
    }
    return {
        **({} if code is None else {"code": code}),
        "mnist_repro": mnist_repro.__version__,
        "commit": commit(_CHECKOUT),
        **versions,
        "platform": platform_name(versions),
        "cpu": cpu(),
        "threads": framework.threads(),
        "switches": {name: os.environ[name] for name in _SWITCHES if name in os.environ},
        "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "packages": packages(),
    }


def _version(module: str) -> str:
    return str(import_module(module).__version__)
