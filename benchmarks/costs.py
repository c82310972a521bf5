"""Time and memory of one training of every recipe, each in a process of its own: figures, not ratios, for planning.

A process imports TensorFlow, trains one seed and estimates it (`mnist-repro reproduce --seeds 1`). Processor time is
that of all its threads; memory is the largest resident set of one of its processes. There is no goal.

    python -m benchmarks.costs [--scale subset|full] [--only RECIPE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, NamedTuple, Optional

from mnist_repro.display import table
from mnist_repro.recipes import RECIPES


class Cost(NamedTuple):
    """Seconds of the clock, seconds of processors, MiB of memory, MiB of files."""

    wall: float
    cpu: float
    memory: float
    files: float


def main(arguments: Optional[List[str]] = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=("subset", "full"), action="append", help="default: both")
    parser.add_argument("--only", choices=sorted(RECIPES), metavar="RECIPE", help="one recipe")
    parsed = parser.parse_args(arguments)
    rows = []
    for name in [parsed.only] if parsed.only else RECIPES:
        for scale in parsed.scale or ("subset", "full"):
            cost = measure(name, scale)
            figures = (f"{cost.cpu:.0f}", f"{cost.wall:.0f}", f"{cost.memory:.0f}", f"{cost.files:.1f}")
            rows.append((name, scale, *figures))
            print(*rows[-1], file=sys.stderr, flush=True)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    print(table(("recipe", "scale", "processor s", "clock s", "memory MiB", "files MiB"), rows))
    return 0


def measure(name: str, scale: str) -> Cost:
    """The cost of one seed of this recipe in a fresh process."""
    command = (sys.executable, "-m", "mnist_repro", "reproduce", name, "--seeds", "1", "--scale", scale)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        process = subprocess.Popen([*command, "--out", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Waits for this child alone, and gives its resources with those of its own children.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        # One seed may be inconclusive.
        if os.WEXITSTATUS(status) not in (0, 1) or os.WIFSIGNALED(status):
            raise SystemExit(f"{name} {scale} ended with status {status}: {' '.join(command)}")
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    # Linux counts the largest resident set in KiB.
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, size / 2**20)


if __name__ == "__main__":
    sys.exit(main())
