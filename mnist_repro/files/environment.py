"""What a process computes with: installed packages, the CPU, the commit of a checkout."""

from __future__ import annotations

import functools
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

_PROC = Path("/proc")
# Linux on Arm has no names of CPUs, but the implementer and part of the register MIDR_EL1.
_ARM = {("0x46", "0x001"): "Fujitsu A64FX"}


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


def commit(checkout: Path) -> str:
    """The commit of a checkout, with ``-dirty`` if files have changed; ``installed`` without a checkout."""
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
