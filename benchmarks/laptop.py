"""What a client behind ssh costs, beside one on the login node, in one run.

    python -m benchmarks.laptop [--pairs N] [--tests N] [--jobs N]

It needs sshd, and starts one on loopback with an emulated PJM behind it. Exit code 1 if the goal is missed. Run it on a
machine that does nothing else: everything is on one machine, and the network costs nothing.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, Optional, Tuple

from tests.ssh.login_node import HOST, LoginNode, login_node, missing

ROOT = Path(__file__).resolve().parents[1]
GOAL = 1.2
_TESTS = """
import time
import pytest

@pytest.mark.fugaku
@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    time.sleep(0.05)
    print("x" * 100)
"""
# Notes the bytes that went to ssh and came from it: both are files.
_COUNTING = """#!/bin/sh
sent=$(stat -L -c %s /dev/stdin)
"{ssh}" -F "{config}" "$@"
code=$?
echo "$sent $(stat -L -c %s /proc/$$/fd/1)" >>"{calls}"
exit $code
"""


def main(arguments: Optional[List[str]] = None) -> int:
    """Measure, print the table, and say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each (default: %(default)s)")
    parser.add_argument("--tests", type=int, default=200, help="tests (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=20, help="jobs (default: %(default)s)")
    given = parser.parse_args(arguments)
    why = missing()
    if why is not None:
        print(f"benchmarks.laptop: {why}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="laptop-") as folder, login_node(Path(folder)) as node:
        calls = Path(folder) / "calls"
        (node.commands / "ssh").write_text(
            _COUNTING.format(ssh=shutil.which("ssh"), config=node.folder / "ssh_config", calls=calls)
        )
        pairs = [(_ours(node, given, calls), _there(node, given)) for _ in range(given.pairs)]
    ratios = [ours[0] / there for ours, there in pairs]
    seconds, count, sent, received = (statistics.median(ours[place] for ours, _ in pairs) for place in range(4))
    print(f"{given.tests} tests in {given.jobs} jobs, medians of {given.pairs} pairs")
    print(f"  behind ssh {seconds:.1f} s, on the login node {statistics.median(there for _, there in pairs):.1f} s")
    print(f"  ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}), goal at most {GOAL}")
    print(f"  {count:.0f} calls of ssh, {60 * count / seconds:.0f} a minute")
    print(f"  {sent / 1000:.0f} kB pushed, {received / 1000:.0f} kB pulled")
    return 0 if statistics.median(ratios) <= GOAL else 1


def _options(given: argparse.Namespace) -> List[str]:
    each = -(-given.tests // given.jobs)
    sizes = [f"fugaku_tests_per_job={each}", "fugaku_bulk_limit=1", "fugaku_poll=0.5-2"]
    return [
        "-q",
        "-p",
        "pytest_pjm",
        "--fugaku",
        "--fugaku-emulate",
        *(word for size in sizes for word in ("-o", size)),
    ]


def _ours(node: LoginNode, given: argparse.Namespace, calls: Path) -> Tuple[float, int, int, int]:
    """Seconds of a whole run, calls of ssh, bytes sent and received."""
    project = Path(tempfile.mkdtemp(dir=node.laptop))
    (project / "test_it.py").write_text(_TESTS.format(tests=given.tests))
    calls.write_text("")
    away = [f"--fugaku-host={HOST}", f"--fugaku-remote=~/{project.name}", f"--fugaku-python={sys.executable}"]
    path = f"{node.commands}:{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pytest", *_options(given), *away], cwd=project, env=variables, check=True)
    seconds = time.perf_counter() - begun
    rows = [tuple(map(int, line.split())) for line in calls.read_text().splitlines()]
    return seconds, len(rows), sum(row[0] for row in rows), sum(row[1] for row in rows)


def _there(node: LoginNode, given: argparse.Namespace) -> float:
    """Seconds of the same with the client on the login node."""
    folder = tempfile.mkdtemp(dir=node.home)
    (Path(folder) / "test_it.py").write_text(_TESTS.format(tests=given.tests))
    os.chown(folder, node.uid, node.uid)
    words = ["env", f"PYTHONPATH={ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", sys.executable, "-m", "pytest"]
    command = " ".join(map(shlex.quote, [*words, *_options(given)]))
    begun = time.perf_counter()
    done = node.run(f"cd {folder} && {command}", 600.0)
    assert done.returncode == 0, done
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
