"""How long the tests of README's second command take, counted in imports of TensorFlow on the same machine.

A pair is one run of the tests between two imports: a machine that slows down slows both, and their mean is the peer's
time. The ratio is the tests' time over that of an import.

Exit codes: 0 the goal is met, 1 it is missed, 2 a process failed, 130 interrupted.

Examples:
  python benchmarks/suite.py
  python benchmarks/suite.py --runs 1
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import List, Optional

# A script finds its own folder, not the checkout around it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pairs import Command, ProcessError, Times, seconds, spread

CHECKOUT = Path(__file__).resolve().parents[1]
TESTS = Command(("-m", "pytest"), folder=CHECKOUT)
COLLECTION = Command(("-m", "pytest", "--collect-only", "-q"), folder=CHECKOUT)
PEER = Command(("-c", "import tensorflow"))
GOAL = 22.0


def measure(runs: int) -> Times:
    """Time the tests between two imports of TensorFlow, and write each pair to standard error."""
    environment = dict(os.environ)
    # TensorFlow was compiled when it was installed. So may the checkout be, but not again by each process.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for command in (PEER, COLLECTION):
        seconds(command, environment)  # no pair pays for a cold disk
    ours: List[float] = []
    peer: List[float] = []
    for run in range(runs):
        before = seconds(PEER, environment)
        ours.append(seconds(TESTS, environment))
        peer.append((before + seconds(PEER, environment)) / 2)
        sys.stderr.write(f"pair {run + 1} of {runs}: tests {ours[-1]:.1f} s, import {peer[-1]:.2f} s\n")
    return Times(tuple(ours), tuple(peer))


def text(times: Times) -> str:
    """Both sides, their ratio and the goal."""
    ratios = tuple(1 / ratio for ratio in times.ratios)
    return "\n".join(
        (
            "median (least–greatest)",
            f"{TESTS}, s: {spread(times.ours)}",
            f"{PEER}, s: {spread(times.peer)}",
            f"ratio: {spread(ratios)}, goal: at most {GOAL:.0f}: {'met' if times.meet(1 / GOAL) else 'MISSED'}",
        )
    )


def parser() -> argparse.ArgumentParser:
    """The command line of this script."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=3, metavar="N", help="runs of the tests (default: %(default)s)")
    return made


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the benchmark; its exit code."""
    asked = parser()
    parsed = asked.parse_args(arguments)
    if parsed.runs < 1:
        asked.error(f"--runs {parsed.runs}: it must be 1 or more")
    try:
        times = measure(parsed.runs)
    except ProcessError as error:
        sys.stderr.write(f"benchmark: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(text(times))
    return 0 if times.meet(1 / GOAL) else 1


if __name__ == "__main__":
    sys.exit(main())
