"""What the tests of the plugins share."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mnist_repro.display import table
from mnist_repro.gate.intervals import student_t
from tests.builders.gate_cases import store, stored, stored_fingerprint
from tests.builders.gate_project import Project


@pytest.fixture(scope="session")
def _compiled_modules() -> None:
    """Import what does not like to be imported again, as pytester has it in each of its runs."""
    importlib.import_module("mnist_repro.harness.measurements")
    importlib.import_module("mnist_repro.harness.fixture")
    table(("a", "b"), [("1", "2")])
    student_t(3.0, 0.1)
    importlib.import_module("yaml")


@pytest.fixture
def project(_compiled_modules: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    # Others' plugins would be imported anew for every run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    here = Path(__file__).resolve()
    monkeypatch.setenv("PYTHONPATH", f"{here.parents[3]}")
    store(pytester.path / "baselines", stored(), stored("wheel-softmax"), stored_fingerprint())
    return Project(pytester)
