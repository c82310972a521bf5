"""What `pytest --fugaku` costs, beside plain pytest and beside one job per test, all in one run.

    python -m benchmarks.plugin [--pairs N] [--tests N] [--shares N …] [--only NAME]

Exit code 1 if a goal is missed. Run it on a machine that does nothing else. The row `slurm` needs a real Slurm, and is
left out where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from pjm import emulator
from pjm.batch.host import Answer
from pjm.batch.scheduler import Phase
from tests.slurm.machine import Machine, missing
from tests.slurm.machine import slurm as running_slurm

ROOT = Path(__file__).resolve().parents[1]
START_GOAL = 1.05
COMMAND_GOAL = 6
OPERATIONS_GOAL = 50
BUSY_GOAL = 0.05
MEMORY_GOAL = 500
SLURM_GOAL = 1.1
_SLURM_PAIRS = 3
ONE = "def test_it():\n    pass\n"
MANY = """
import pytest

@pytest.mark.fugaku(elapse="24:00:00")
@pytest.mark.parametrize("number", range({tests}))
def test_it(number):
    pass
"""


class Row(NamedTuple):
    """One line of the table."""

    name: str
    ours: str
    beside: str
    goal: str
    met: Optional[bool]


def main(arguments: Optional[List[str]] = None) -> int:
    """Measure, print the table, and say whether all goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of starts (default: %(default)s)")
    parser.add_argument("--tests", type=int, default=10_000, help="tests in jobs (default: %(default)s)")
    parser.add_argument("--shares", type=int, nargs="+", default=[10, 100, 1000, 5000], help="sizes of `shares`")
    parser.add_argument("--only", choices=sorted(_ROWS), help="one row")
    given = parser.parse_args(arguments)
    rows: List[Row] = []
    for name, measure in _ROWS.items():
        if given.only in (None, name):
            rows += measure(given)
    return print_rows(rows)


def print_rows(rows: Sequence[Row]) -> int:
    """Print the table; return the exit code."""
    widths = [
        max(len(str(row[column])) for row in [Row("", "ours", "beside", "goal", True), *rows]) for column in range(4)
    ]
    print("  ".join(word.ljust(width) for word, width in zip(("", "ours", "beside", "goal"), widths)))
    for row in rows:
        cells = "  ".join(str(cell).ljust(width) for cell, width in zip(row[:4], widths))
        print(f"{cells}  {'met' if row.met else '' if row.met is None else 'MISSED'}")
    return 1 if any(row.met is False for row in rows) else 0


def start(given: argparse.Namespace) -> List[Row]:
    """Pytest's start, with and without the plugin, turn about."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(ONE)
        without: List[float] = []
        with_plugin: List[float] = []
        for _ in range(given.pairs + 1):
            without.append(_seconds(folder, ()))
            with_plugin.append(_seconds(folder, ("-p", "pytest_pjm")))
        # The first pair fills caches; the quickest of each is what disturbances leave alone.
        ratio = min(with_plugin[1:]) / min(without[1:])
        medians = statistics.median(with_plugin[1:]), statistics.median(without[1:])
        foreign = _foreign_imports(folder)
    return [
        Row(
            "pytest's start",
            f"{min(with_plugin[1:]):.3f} s (median {medians[0]:.3f})",
            f"{min(without[1:]):.3f} s without (median {medians[1]:.3f})",
            f"at most {START_GOAL} times: {ratio:.3f}",
            ratio <= START_GOAL,
        ),
        Row("third-party imports", ", ".join(foreign) or "none", "", "none", not foreign),
    ]


def replay(given: argparse.Namespace) -> List[Row]:
    """Many passing tests through packing, submission, tail and replay, with a scheduler that answers at once."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(MANY.format(tests=given.tests))
        plain = _measured(folder, "plain")
        ours = _measured(folder, "answering")
        few = _measured(folder, "answering", "-k", "test_it[1")
        single = _measured(folder, "one-per-test", "-k", "test_it[1")
    return [
        Row(
            f"{given.tests:,} tests: the client's processor time",
            f"{ours['cpu']:.2f} s",
            f"{plain['cpu']:.2f} s plain pytest",
            "no more",
            ours["cpu"] <= plain["cpu"],
        ),
        Row(
            f"{given.tests:,} tests: elapsed",
            f"{ours['wall']:.2f} s, with the jobs",
            f"{plain['wall']:.2f} s plain pytest",
            "",
            True,
        ),
        Row(
            "submissions",
            f"{ours['submissions']} for {ours['tests']:,} tests",
            f"{few['submissions']} for {few['tests']:,}; one job per test {single['submissions']:,}",
            "does not grow",
            ours["submissions"] == few["submissions"] == 1,
        ),
    ]


def many_jobs(given: argparse.Namespace) -> List[Row]:
    """One thousand jobs: questions to the batch system."""
    from pjm.batch.pjm.scheduler import PjmScheduler

    host = QueueHost()
    scheduler = PjmScheduler(host)
    ids = [str(48_000_000 + number) for number in range(1000)]
    queued = all(status.phase is Phase.QUEUED for status in scheduler.poll(ids).values())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(MANY.format(tests=1000))
        single = _measured(folder, "one-per-test")
        packed = _measured(folder, "answering")
    return [
        Row(
            "1,000 jobs: pjstat per poll",
            f"{host.calls}, of the queue or of the history",
            f"{len(ids):,} if each were asked about",
            "one for all",
            queued and host.calls == 1,
        ),
        Row(
            "1,000 tests: pjsub",
            f"{packed['submissions']}",
            f"{single['submissions']:,} with one job per test",
            "",
            packed["submissions"] < single["submissions"],
        ),
    ]


class QueueHost:
    """A machine on which every job that is asked about waits."""

    def __init__(self) -> None:
        self.calls = 0

    def has(self, name: str) -> bool:
        """See `pjm.batch.host.Host.has`."""
        return True

    def run(
        self, command: Sequence[str], timeout: float, folder: Optional[Path] = None, keep_open: Sequence[int] = ()
    ) -> Answer:
        """See `pjm.batch.host.Host.run`."""
        self.calls += 1
        heading = "H,JOB_ID,ST,EC,PC,SN,START_DATE,ELAPSE_TIM,ELAPSE_LIM,REASON"
        rows = [f",{word},QUE,0,0,0,-,0000:00:00,0000:30:00,-" for word in command if word.isdecimal()]
        return Answer(0, "\n".join([heading, *rows]) + "\n", "")


def tail(given: argparse.Namespace) -> List[Row]:
    """The same new bytes behind much and behind little."""
    from pjm.job.events import EventLog, Tail

    seconds: Dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for before in (1_000, 100_000):
            path = Path(folder) / str(before)
            log = EventLog(path)
            for number in range(before):
                log.write("start", test=f"test_it.py::test_it[{number}]")
            follower = Tail(path)
            follower.read()
            times = []
            for _ in range(50):
                log.write("start", test="test_it.py::test_new")
                begun = time.perf_counter()
                follower.read()
                times.append(time.perf_counter() - begun)
            seconds[before] = statistics.median(times)
    ratio = seconds[100_000] / seconds[1_000]
    return [
        Row(
            "one new line behind 100,000",
            f"{seconds[100_000] * 1e6:.0f} µs",
            f"{seconds[1_000] * 1e6:.0f} µs behind 1,000",
            f"the same (at most 2 times): {ratio:.2f}",
            ratio <= 2,
        )
    ]


def command(given: argparse.Namespace) -> List[Row]:
    """A command of the emulator, and a start of Python that imports nothing, turn about."""
    ours: List[float] = []
    plain: List[float] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "emulator"
        variables = {**_environment(), **emulator.environment(place)}
        pjstat = str(place / "bin" / "pjstat")
        for _ in range(given.pairs + 1):
            ours.append(_processor_seconds([pjstat], variables))
            plain.append(_processor_seconds([sys.executable, "-I", "-S", "-c", "pass"], variables))
        emulator.stop(place)
    ratio = statistics.median(ours[1:]) / statistics.median(plain[1:])
    return [
        Row(
            "a command of the emulator",
            f"{statistics.median(ours[1:]) * 1e3:.0f} ms",
            f"{statistics.median(plain[1:]) * 1e3:.0f} ms for Python alone",
            f"at most {COMMAND_GOAL} times: {ratio:.1f}",
            ratio <= COMMAND_GOAL,
        )
    ]


def _processor_seconds(words: Sequence[str], environment: Dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def shares(given: argparse.Namespace) -> List[Row]:
    """Following simulated sessions of several sizes, with 20 tests in each share and 1,000 shares running at once."""
    rows: List[Row] = []
    for size in given.shares:
        command = [sys.executable, "-m", "benchmarks.many_shares", str(size)]
        done = subprocess.run(command, env=_environment(), cwd=str(ROOT), stdout=subprocess.PIPE, check=True)
        life = json.loads(done.stdout)
        parts = {name: life[name] for name in ("followed", "resumed", "pjm show")}
        most = max(part["most"] for part in parts.values())
        mean = max(parts[name]["operations"] / parts[name]["seconds"] for name in ("followed", "resumed"))
        busy = max(parts[name]["cpu"] / parts[name]["seconds"] for name in ("followed", "resumed"))
        asked = max(parts[name]["polls"] / parts[name]["seconds"] for name in ("followed", "resumed"))
        rows += [
            Row(
                f"{size:,} shares, {size * 20:,} tests: file operations a second",
                f"{most} at most, {mean:.0f} on average",
                f"{life['start']['operations']} in all at the start",
                f"at most {OPERATIONS_GOAL}",
                most <= OPERATIONS_GOAL,
            ),
            Row(
                "  processor",
                f"{busy:.2%} of a core",
                f"pjm show {parts['pjm show']['cpu']:.1f} s",
                f"at most {BUSY_GOAL:.0%}",
                busy <= BUSY_GOAL,
            ),
            Row(
                "  memory",
                f"{life['megabytes']:.0f} MB",
                "without pytest's own tests and reports",
                f"at most {MEMORY_GOAL} MB",
                life["megabytes"] <= MEMORY_GOAL,
            ),
            Row("  questions a minute", f"{asked * 60:.1f}", "each one for all shares", "at most 6", asked <= 0.1),
            Row("  files and folders per share", f"{life['files']:.1f}", "and three of the batch system", "", True),
        ]
    return rows


def slurm(given: argparse.Namespace) -> List[Row]:
    """Many passing tests in jobs of a real Slurm and of the emulated PJM, turn about; both run two jobs at a time."""
    machines = [Machine(min_job_age=2, accounting="dbd"), Machine()]  # with a history, if it may be had
    machine = next((each for each in machines if missing(each) is None), None)
    if machine is None:
        return [Row("on a real Slurm", "not measured", "", str(missing()), None)]
    sides: Dict[str, List[Dict[str, float]]] = {"slurm": [], "pjm": []}
    with tempfile.TemporaryDirectory() as folder, running_slurm(Path(folder) / "slurm", machine) as running:
        for _ in range(_SLURM_PAIRS):
            path = f"{running.commands}:{os.environ['PATH']}"
            options = "--fugaku-scheduler=slurm", "-o", "fugaku_submit_options=--exclusive"
            sides["slurm"].append(_asked(given.tests, {**_environment(), "PATH": path}, *options))
            sides["pjm"].append(_asked(given.tests, _environment(), "--fugaku-emulate"))
    ours, theirs = (statistics.median(each["cpu"] for each in side) for side in sides.values())
    rows = [
        Row(
            f"{given.tests:,} tests on Slurm: the client's processor time",
            f"{ours:.2f} s",
            f"{theirs:.2f} s on the emulated PJM",
            f"at most {SLURM_GOAL} times: {ours / theirs:.3f}",
            ours <= SLURM_GOAL * theirs,
        )
    ]
    for name, side in sides.items():
        queue, history = (max(int(each[view]) for each in side) for view in ("queue", "history"))
        most, polls = f"{queue} of the queue, {history} of the history", sum(each["polls"] for each in side)
        met = max(queue, history) <= 1
        rows.append(Row(f"  {name}: questions a poll", most, f"in {polls:.0f} polls", "at most one of each", met))
    return rows


def _asked(tests: int, environment: Dict[str, str], *options: str) -> Dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(MANY.format(tests=tests))
        Path(folder, ".pjm").mkdir(mode=0o700)
        emulator.environment(Path(folder, ".pjm", "emulator"), nodes=2)
        alike = ("--fugaku-poll=2-10", "-o", "fugaku_grace=3", "-o", "fugaku_tests_per_job=500", "-q")
        command = [sys.executable, "-m", "benchmarks.asking", str(Path(folder, "measured.json")), *alike, *options]
        subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
        emulator.stop(Path(folder, ".pjm", "emulator"))
        measured: Dict[str, float] = json.loads(Path(folder, "measured.json").read_text())
    return measured


_ROWS = {
    "start": start,
    "replay": replay,
    "jobs": many_jobs,
    "tail": tail,
    "command": command,
    "shares": shares,
    "slurm": slurm,
}


def _seconds(folder: str, options: Sequence[str]) -> float:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options, "test_it.py"]
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def _foreign_imports(folder: str) -> List[str]:
    """Packages that are imported with the plugin only, and are neither Python's nor the plugin's one module."""
    code = (
        "import json, sys, pytest\n"
        "pytest.main(sys.argv[1:], plugins=[])\n"
        "print('\\n' + json.dumps(sorted({n.partition('.')[0] for n in sys.modules if not n.startswith('_')})))"
    )
    found = []
    for options in ((), ("-p", "pytest_pjm")):
        done = subprocess.run(
            [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *options, "test_it.py"],
            cwd=folder,
            env=_environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found.append(set(json.loads(done.stdout.splitlines()[-1])))
    standard = set(getattr(sys, "stdlib_module_names", ()))
    return sorted(found[1] - found[0] - standard - {"pytest_pjm"})


def _measured(folder: str, how: str, *options: str) -> Dict[str, float]:
    """Run pytest in a process of its own, and read what that found out about itself."""
    result = Path(folder) / "measured.json"
    shutil.rmtree(str(Path(folder) / ".pjm"), ignore_errors=True)  # nothing is known of how long the tests take
    command = [sys.executable, "-m", "benchmarks.answering", how, str(result), "-q", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, check=True)
    measured: Dict[str, float] = json.loads(result.read_text())
    return measured


def _environment() -> Dict[str, str]:
    without = ("PYTEST_", "PYTHONDONTWRITEBYTECODE")  # as a user has it: compiled once
    kept = {name: value for name, value in os.environ.items() if not name.startswith(without)}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


if __name__ == "__main__":
    sys.exit(main())
