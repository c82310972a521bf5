"""What the tests of pjm share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.sessions import index
from pjm.sessions.session import Session
from tests.builders.following import Following, settings_of, tasks


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest in a test loads only the plugins that the test names."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with the tests a and b."""
    return Following(tmp_path, tasks(2), settings_of(tmp_path))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A new session."""
    return index.create(tmp_path, {"arguments": [], "checkout": {}})
