"""What a process computes with: installed packages, the CPU, the commit of a checkout."""

from __future__ import annotations

import functools
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, List


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
    """The commit of a checkout, with ``-dirty`` if files have changed; ``installed`` without a checkout.

    Args:
        checkout: its top folder.
    """
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
    """The name of the CPU, from the operating system."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
