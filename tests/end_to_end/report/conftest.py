"""What the tests of the page share: a small project that pytest can be run on with `--repro-report`."""

from __future__ import annotations

import importlib

import pytest

from mnist_repro.report.page.page import render
from tests.builders import made_up_page
from tests.builders.gate_cases import stored
from tests.builders.gate_project import import_once, with_baselines


@pytest.fixture(scope="session")
def _compiled_modules() -> None:
    import_once()
    for module in ("mnist_repro.weights.param_hdf5", "matplotlib.figure"):
        importlib.import_module(module)
    render(made_up_page.document())


@pytest.fixture
def project(_compiled_modules: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Some other project, with a baseline of vgg7, that uses our plugin."""
    return with_baselines(pytester, monkeypatch, stored())
