"""What the tests of the page share: a small project that pytest can be run on with `--report`."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mnist_repro.display import table
from mnist_repro.gate.intervals import student_t
from mnist_repro.report.page.page import render
from tests.builders import made_up_page
from tests.builders.gate_cases import store, stored


@pytest.fixture(scope="session")
def _compiled_modules() -> None:
    """Import what does not like to be imported again, as pytester has it in each of its runs."""
    for module in (
        "mnist_repro.harness.measurements",
        "mnist_repro.harness.fixture",
        "mnist_repro.weights.param_hdf5",
        "yaml",
        "matplotlib.figure",
    ):
        importlib.import_module(module)
    table(("a", "b"), [("1", "2")])
    student_t(3.0, 0.1)
    render(made_up_page.document())


@pytest.fixture
def project(_compiled_modules: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Some other project, with a baseline of vgg7, that uses our plugin."""
    for name in ("GITHUB_STEP_SUMMARY", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    # Others' plugins would be imported anew for every run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    here = Path(__file__).resolve()
    monkeypatch.setenv("PYTHONPATH", f"{here.parents[3]}")
    store(pytester.path / "baselines", stored())
    return pytester
