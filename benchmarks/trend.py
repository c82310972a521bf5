"""How long `mnist-repro trend` takes over many gate reports, beside reading their JSON alone, both in one run.

    python -m benchmarks.trend [--sessions N] [--metrics N] [--pairs N]

One metric falls slowly, within its margin: the page must name it, and no other. Exit code 1 if a goal is missed. Run it
on a machine that does nothing else; the generated sessions alone take about a minute.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Optional, Tuple

from benchmarks.plugin import ROOT, Row, print_rows
from tests.builders import gate_sessions

SECONDS_GOAL = 10.0
BYTES_GOAL = 3_000_000
LOAD = "import json, pathlib, sys; [json.loads(each.read_text()) for each in pathlib.Path(sys.argv[1]).rglob('*.json')]"


def main(arguments: Optional[List[str]] = None) -> int:
    """Measure, print the table, and say whether all goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=3000, help="gate reports (default: %(default)s)")
    parser.add_argument("--metrics", type=int, default=12, help="metrics in each (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of runs (default: %(default)s)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found, page = Path(folder) / "artifacts", Path(folder) / "page"
        # Within 4/10 of the margin at the end.
        slope = 0.8 * gate_sessions.MARGIN / given.sessions
        gate_sessions.generate(found, given.sessions, given.metrics, slope, given.sessions // 2)
        trend = ["-m", "mnist_repro", "trend", str(found), "--out", str(page)]
        pairs = [(_seconds(*trend), _seconds("-c", LOAD, str(found))) for _ in range(given.pairs)]
        (ours, said), (load, _) = (
            (statistics.median(seconds for seconds, _ in side), side[-1][1]) for side in zip(*pairs)
        )
        size = (page / "index.html").stat().st_size
    named = [line for line in said.splitlines() if " per 100 sessions" in line]
    return print_rows(
        [
            Row(
                f"{given.sessions:,} gate reports (median)",
                f"{ours:.1f} s",
                f"{load:.1f} s their JSON alone ({ours / load:.1f} times)",
                f"at most {SECONDS_GOAL:g} s",
                ours <= SECONDS_GOAL,
            ),
            Row("the page", f"{size:,} bytes", "", f"at most {BYTES_GOAL:,}", size <= BYTES_GOAL),
            Row("named", "; ".join(named), "", "accuracy alone", [line[:8] for line in named] == ["accuracy"]),
        ]
    )


def _seconds(*arguments: str) -> Tuple[float, str]:
    started = time.perf_counter()
    ended = subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - started, ended.stdout.decode()


if __name__ == "__main__":
    sys.exit(main())
