"""The provenance of a run: versions, CPU, threads, commit, time, packages."""

from __future__ import annotations

import datetime
import functools
import os
import platform
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, List, Optional

import mnist_repro
from mnist_repro.training import framework

# Environment variables that change how TensorFlow rounds.
_SWITCHES = ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA")
_PROC = Path("/proc")
# Linux on Arm has no names of CPUs, but the implementer and part of the register MIDR_EL1.
_ARM = {("0x46", "0x001"): "Fujitsu A64FX"}


def provenance(seconds: float, code: Optional[str] = None) -> Dict[str, Any]:
    """The provenance of a run that ends now on this machine.

    Args:
        seconds: wall time of the run.
        code: digest of the code that trained it; left out if it is None.
    """
    return {
        **({} if code is None else {"code": code}),
        "mnist_repro": mnist_repro.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "tensorflow": str(framework.tensorflow().__version__),
        "keras": framework.keras_version(),
        "numpy": _version("numpy"),
        "h5py": _version("h5py"),
        "machine": platform.machine(),
        "cpu": cpu(),
        "threads": framework.threads(),
        "switches": {name: os.environ[name] for name in _SWITCHES if name in os.environ},
        "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "packages": packages(),
    }


@functools.lru_cache(maxsize=None)
def packages() -> Dict[str, str]:
    """The version of each installed package by its normalised name.

    They are read off the names of the folders: `importlib.metadata` reads every file of metadata, for half a second.
    """
    versions: Dict[str, str] = {}
    for folder in sys.path:
        for path in sorted(Path(folder).glob("*-*.*-info")):
            name, version, *_ = path.stem.split("-")
            # The first of a name is the one that is imported.
            versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return dict(sorted(versions.items()))


def commit() -> str:
    """The commit of this code's checkout, with ``-dirty`` if files have changed; ``installed`` without a checkout."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return "installed"
    # Without optional locks, because a killed run must not leave the checkout locked.
    git = ["git", "--no-optional-locks", "-C", str(checkout)]
    try:
        head = _output([*git, "rev-parse", "HEAD"])
        changed = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return f"{head}-dirty" if changed else head


def _output(command: List[str]) -> str:
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=True)
    return ended.stdout.decode("utf-8", "replace").strip()


def cpu() -> str:
    """The name of the CPU, from the operating system; an emulated one is ``A64FX emulated by QEMU 7.2.22``."""
    return _emulated_cpu() or _named_cpu()


def _emulated_cpu() -> str:
    """The CPU that QEMU's user mode emulates for this process; empty if there is none.

    /proc/cpuinfo and /proc/self/exe do not show it: the first may be of the machine below, the second is the emulated
    program. An emulator of a whole machine, such as qemu-system-aarch64, is not recognised.
    """
    program = (_PROC / "thread-self" / "exe").resolve()
    if not program.name.startswith("qemu-"):
        return ""
    try:
        version = _output([str(program), "--version"]).partition("version ")[2].split()[:1]
    except (OSError, subprocess.SubprocessError):
        version = []  # in a container, the file is that of the machine below
    model = os.environ.get("QEMU_CPU", "default CPU")
    return " ".join(("A64FX" if model == "a64fx" else model, "emulated by QEMU", *version))


def _named_cpu() -> str:
    try:
        lines = (_PROC / "cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []  # not Linux
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "model name" in fields:
        return fields["model name"]
    if "CPU implementer" in fields and "CPU part" in fields:
        arm = fields["CPU implementer"], fields["CPU part"]
        return _ARM.get(arm, "Arm CPU, implementer {}, part {}".format(*arm))
    return platform.processor() or platform.machine()


def _version(module: str) -> str:
    return str(import_module(module).__version__)
