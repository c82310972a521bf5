"""What the gate costs, beside plain pytest and beside pytest-regressions, all in one run.

    python -m benchmarks.gate [--pairs N] [--gates N] [--only NAME]

Exit code 1 if a goal is missed. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from benchmarks.plugin import ROOT, Row, print_rows

START_GOAL = 1.05
GATE = ("-p", "mnist_repro.gate.plugin")
REGRESSIONS = ("-p", "pytest_datadir.plugin", "-p", "pytest_regressions.plugin")
ONE = "def test_it():\n    pass\n"
SAMPLES = """
import random
import pytest

def samples(number, count):
    chance = random.Random(number)
    return [(0.9 + chance.gauss(0.0, 0.01), 0.3 + chance.gauss(0.0, 0.02)) for _ in range(count)]
"""
GATES = f"""{SAMPLES}
@pytest.mark.parametrize("number", range({{gates}}))
def test_it(gate, number):
    rows = enumerate(samples(0, {{seeds}}))
    # Not the same bits, which would be no work; as close as clean runs are.
    runs = {{{{seed: {{{{"accuracy": a + number * 1e-6, "loss": b}}}} for seed, (a, b) in rows}}}}
    gate.check(f"folder/gate-{{{{number}}}}", runs)
"""
TABLES = f"""{SAMPLES}
@pytest.mark.parametrize("number", range({{gates}}))
def test_it(num_regression, number):
    accuracy, loss = zip(*samples(number, 16))
    num_regression.check({{{{"accuracy": accuracy, "loss": loss}}}})
"""
PLAIN = f"""{SAMPLES}
@pytest.mark.parametrize("number", range({{gates}}))
def test_it(number):
    assert samples(number, 10)
"""


def main(arguments: Optional[List[str]] = None) -> int:
    """Measure, print the table, and say whether all goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of starts (default: %(default)s)")
    parser.add_argument("--gates", type=int, default=300, help="gates in a session (default: %(default)s)")
    parser.add_argument("--only", choices=sorted(_ROWS), help="one row")
    given = parser.parse_args(arguments)
    rows = [row for name, measure in _ROWS.items() if given.only in (None, name) for row in measure(given)]
    return print_rows(rows)


def start(given: argparse.Namespace) -> List[Row]:
    """The processor time of pytest's start with the plugin and without, turn about."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(ONE)
        pairs: List[Tuple[float, float]] = []
        for _ in range(given.pairs + 1):
            without = _processor_seconds(folder)
            pairs.append((_processor_seconds(folder, *GATE), without))
    # The first pair fills caches.
    ours, without = (statistics.median(each) for each in zip(*pairs[1:]))
    return [
        Row(
            "pytest's start (processor time, medians)",
            f"{ours:.3f} s",
            f"{without:.3f} s without",
            f"at most {START_GOAL} times: {ours / without:.3f}",
            ours / without <= START_GOAL,
        )
    ]


def many_gates(given: argparse.Namespace) -> List[Row]:
    """Many gates with two metrics and 16 stored samples each."""
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / "test_it.py"
        test.write_text(PLAIN.format(gates=given.gates))
        plain = min(_seconds(folder) for _ in range(3))
        test.write_text(TABLES.format(gates=given.gates))
        _seconds(folder, *REGRESSIONS, "--force-regen", check=False)
        tables = min(_seconds(folder, *REGRESSIONS) for _ in range(3))
        test.write_text(GATES.format(gates=1, seeds=16))
        recorded = _seconds(folder, *GATE, "--gate-record")
        accept = [
            sys.executable,
            "-c",
            "import sys; from mnist_repro.gate.cli import main; sys.exit(main(sys.argv[1:]))",
        ]
        subprocess.run(
            [*accept, "accept", "--reason", "measured"],
            cwd=folder,
            env=_environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        stored = Path(folder) / "baselines" / "folder" / "gate-0.yml"
        for number in range(1, given.gates):
            text = stored.read_text().replace("name: folder/gate-0\n", f"name: folder/gate-{number}\n")
            stored.with_name(f"gate-{number}.yml").write_text(text)
        test.write_text(GATES.format(gates=given.gates, seeds=10))
        gates = min(_seconds(folder, *GATE) for _ in range(3))
    return [
        Row(
            f"{given.gates} gates of 16 stored samples",
            f"{gates:.1f} s",
            f"{plain:.1f} s plain pytest, {tables:.1f} s pytest-regressions ({gates / tables:.1f} times)",
            "no more than pytest-regressions",
            gates <= tables,
        ),
        Row("recording one gate, its outlook simulated", f"{recorded:.1f} s", "", "", True),
    ]


_ROWS = {"start": start, "gates": many_gates}


def _processor_seconds(folder: str, *options: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _seconds(folder, *options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds(folder: str, *options: str, check: bool = True) -> float:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options, "test_it.py"]
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, check=check)
    return time.perf_counter() - begun


def _environment() -> Dict[str, str]:
    without: Sequence[str] = ("PYTEST_", "PYTHONDONTWRITEBYTECODE", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(tuple(without))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


if __name__ == "__main__":
    sys.exit(main())
