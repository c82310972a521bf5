"""Jobs and node-hours of the first runs of `pytest --fugaku` on public suites, all of whose tests are marked.

Each suite comes from its source distribution, and runs with the emulator: first when nothing is known of how long its
tests take, then again; and as a first run after one of plain pytest. Exit code 1 if a goal is missed.

    python -m benchmarks.first_run [--only NAME]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence

from pjm import emulator

ROOT = Path(__file__).resolve().parents[1]
FIRST, LATER = 4, 1
PIP = (sys.executable, "-m", "pip", "--quiet")
# What pip downloads, and what its tests need besides.
SUITES = {
    "attrs": ("attrs==25.3.0", ()),
    "more-itertools": ("more-itertools==10.5.0", ()),
    "python-dateutil": ("python-dateutil==2.9.0.post0", ("six", "freezegun")),
}
_OPTIONS = ("-q", "-W", "ignore")  # newer than the suites, pytest warns of more
_MARK_ALL = """

import pytest as _pytest


@_pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(_pytest.mark.fugaku)
"""


class Run(NamedTuple):
    """One run of a suite: tests and their parts in jobs, node-hours requested, seconds of this machine."""

    tests: int
    jobs: int
    requested: float
    seconds: float


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the suites, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(SUITES), help="one suite")
    only = parser.parse_args(arguments).only
    print("suite, tests: jobs, node-hours requested, seconds")
    met = True
    for name in SUITES if only is None else [only]:
        with tempfile.TemporaryDirectory() as folder:
            suite = Suite(name, Path(folder))
            runs = {"first run": suite.send(), "second run": suite.send()}
            suite.forget()
            plain = suite.plain()
            runs["first run after plain pytest"] = suite.send()
            suite.forget()
        print(f"{name}, {runs['first run'].tests}: plain pytest {plain:.0f} s")
        for title, run in runs.items():
            print(f"  {title}: {run.jobs}, {run.requested:.1f}, {run.seconds:.0f}", flush=True)
            met = met and run.jobs <= (FIRST if title == "first run" else LATER)
    print(f"goal: at most {FIRST} jobs when nothing is known, then {LATER}: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def unpacked(requirement: str, folder: Path) -> Path:
    """Download a source distribution, and unpack it with all of its tests marked."""
    download = ["download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), requirement]
    subprocess.run([*PIP, *download], check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(str(archive)) as tar:
        tar.extractall(str(folder))  # noqa: S202 - a released source distribution
    (suite,) = (each for each in folder.iterdir() if each.is_dir())
    with (suite / "conftest.py").open("a") as conftest:
        conftest.write(_MARK_ALL)
    return suite


class Suite:
    """The tests of a source distribution, in a folder."""

    def __init__(self, name: str, folder: Path) -> None:
        requirement, others = SUITES[name]
        self._folder = unpacked(requirement, folder)
        self._packages = folder / "packages"
        subprocess.run(
            [*PIP, "install", "--no-deps", "--target", str(self._packages), str(self._folder), *others], check=True
        )

    def plain(self) -> float:
        """Seconds of plain pytest."""
        begun = time.perf_counter()
        self._pytest()
        return time.perf_counter() - begun

    def send(self) -> Run:
        """Send all tests to the emulator."""
        begun = time.perf_counter()
        path = f"export PYTHONPATH={self._packages}:$PYTHONPATH"
        self._pytest("--fugaku-emulate", "-o", f"fugaku_prologue={path}")
        seconds = time.perf_counter() - begun
        newest = max(self._folder.glob(".pjm/*/jobs.json"), key=lambda path: path.stat().st_mtime)
        jobs = json.loads(newest.read_text(encoding="utf-8"))["jobs"]
        tests = {test for job in jobs for test in job["tests"]}
        return Run(len(tests), len(jobs), sum(job["node_hours_requested"] for job in jobs), seconds)

    def forget(self) -> None:
        """Stop the emulator, and forget how long tests took."""
        emulator.stop(self._folder / ".pjm" / "emulator")
        for path in self._folder.glob(".pjm/durations*"):
            path.unlink()

    def _pytest(self, *options: str) -> None:
        command = [sys.executable, "-m", "pytest", "-p", "pytest_pjm", *_OPTIONS, *options, "tests"]
        done = subprocess.run(
            command, cwd=str(self._folder), env=self._environment(), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stdout)

    def _environment(self) -> Dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        path: Sequence[str] = (str(self._packages), str(ROOT))
        return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


if __name__ == "__main__":
    sys.exit(main())
