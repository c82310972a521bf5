"""A gate of each kind beside other plugins and options: the same verdicts, with a bug and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, Set

import pytest

SUITE = """
import os
import random
import pytest
from mnist_repro.gate import higher, lower

BUG = float(os.environ["BUG"])

def scored(seed, worse):
    return 0.5 + worse + random.Random(seed).gauss(0.0, 0.01)

@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_rates(gate, rate):
    gate.check(f"rate-{rate}", lambda seed: scored(seed, BUG), metrics=lower())

def test_border(gate):
    gate.check("border", lambda seed: scored(seed, 0.03 * BUG), metrics=lower(margin=0.03))

def test_cases(gate):
    passes = {str(number): random.Random(number).random() < 0.8 - 0.3 * BUG for number in range(200)}
    gate.cases("cases", passes, metrics=higher(margin=0.1))

def test_values(gate):
    gate.fingerprint("values", exact={"n": 3 + int(BUG)}, close={"x": 0.1})
"""
GREEN = {name: {"equivalent"} for name in ("rate-0.1", "rate-0.3", "border", "values")}
GREEN["cases"] = {"no worse"}
RED = {name: {"regressed"} for name in ("rate-0.1", "rate-0.3", "cases")}
RED.update(border={"inconclusive"}, values={"changed"})
_OURS = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "CI")


def ran(project: Path, bug: int, *words: str) -> int:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return subprocess.run(
        [sys.executable, *words],
        cwd=project,
        env={**kept, "BUG": str(bug)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=600,
        check=False,
    ).returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "test_all.py").write_text(SUITE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    assert 0 == ran(folder, 0, "-m", "pytest", "--gate-record")
    program = "import sys; from mnist_repro.gate.cli import main; sys.exit(main(sys.argv[1:]))"
    assert 0 == ran(folder, 0, "-c", program, "accept", "--reason", "first recording")
    return folder


def verdicts(project: Path) -> Dict[str, Set[str]]:
    """All verdicts on each baseline: a rerun adds one."""
    fields = json.loads((project / "gate" / "gate.json").read_text(encoding="utf-8"))
    found: Dict[str, Set[str]] = {}
    for subject in fields["subjects"].values():
        for each in subject["comparisons"]:
            found.setdefault(each["name"], set()).add(each["verdict"])
    return found


@pytest.mark.parametrize("seeds", ["5", "auto"])
@pytest.mark.parametrize("options", ["", "-n 2", "--reruns 2", "-n 2 --reruns 2", "--lf", "-k rates", "-k border"])
@pytest.mark.parametrize(("bug", "expected"), [(0, GREEN), (1, RED)], ids=["clean", "bug"])
def test_the_verdicts_are_the_same(
    project: Path, bug: int, expected: Dict[str, Set[str]], options: str, seeds: str
) -> None:
    code = ran(project, bug, "-m", "pytest", "--gate-report=gate", f"--gate-seeds={seeds}", *options.split())

    chosen = options[3:].rstrip("s") if options.startswith("-k") else ""
    assert bug == code
    assert {name: verdict for name, verdict in expected.items() if chosen in name} == verdicts(project)
