"""A small project that has baselines, for tests that run pytest on it."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

import pytest

from mnist_repro.display import table
from mnist_repro.gate.baselines.values import BaselineFile
from mnist_repro.gate.intervals import student_t
from tests.builders.gate_cases import store

CLEAN = """
def test_clean(baseline):
    baseline.check(runs())
"""
BETTER = """
def test_better(baseline):
    baseline.check(runs(better=0.25))
"""
MEASURED = """
@pytest.mark.parametrize("measured", [(RECIPE, "subset")], indirect=True)
def test_it(baseline, measured):
    baseline.check(measured)
"""

PLUGIN = ("-p", "mnist_repro.pytest_plugin", "-W", "error")


@dataclass(frozen=True)
class Project:
    """Some other project that has baselines of vgg7 and wheel-softmax, and tests that use our plugin."""

    pytester: pytest.Pytester

    @property
    def path(self) -> Path:
        return self.pytester.path

    @property
    def gate(self) -> Path:
        """Where `run_with_report` has the report written."""
        return self.path / "gate"

    def write(self, tests: str, name: str = "test_it") -> None:
        """A test module."""
        self.pytester.makepyfile(**{name: f"import pytest\nfrom tests.builders.gate_cases import *\n\n{tests}"})

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest on the project, in this process."""
        return self.pytester.runpytest_inprocess(*PLUGIN, *arguments)

    def run_with_report(self, *arguments: str) -> pytest.RunResult:
        return self.run("--gate-report", "gate", *arguments)

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        """Run pytest with a report, in another process."""
        return self.pytester.runpytest_subprocess(*PLUGIN, "--gate-report", "gate", *arguments)

    def report(self) -> Dict[str, Any]:
        """What is in gate.json."""
        fields: Dict[str, Any] = json.loads((self.gate / "gate.json").read_text(encoding="utf-8"))
        return fields

    def verdicts(self) -> Dict[str, str]:
        """The verdict of each test that had one."""
        return {
            each["test"].partition("::")[2]: each["verdict"]
            for subject in self.report()["subjects"].values()
            for each in subject["comparisons"]
        }


def import_once() -> None:
    """Import what does not like to be imported again, as pytester has it in each of its runs."""
    for module in ("mnist_repro.harness.measurements", "mnist_repro.harness.fixture", "yaml"):
        importlib.import_module(module)
    table(("a", "b"), [("1", "2")])
    student_t(3.0, 0.1)


def with_baselines(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *baselines: BaselineFile
) -> pytest.Pytester:
    """Another project, which nothing of this session reaches, with these baselines."""
    for name in ("GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    # Others' plugins would be imported again for every run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    store(pytester.path / "baselines", *baselines)
    return pytester
