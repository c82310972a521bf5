"""What the tests of the plugins share."""

from __future__ import annotations

import pytest

from tests.builders.gate_cases import stored, stored_fingerprint
from tests.builders.gate_project import Project, import_once, with_baselines


@pytest.fixture(scope="session")
def _compiled_modules() -> None:
    import_once()


@pytest.fixture
def project(_compiled_modules: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    baselines = (stored(), stored("wheel-softmax"), stored_fingerprint())
    return Project(with_baselines(pytester, monkeypatch, *baselines))
