"""What the tests of pjm share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.following import Following, settings_of, tasks


@pytest.fixture
def one(tmp_path: Path) -> Following:
    """One job with the tests a and b."""
    return Following(tmp_path, tasks(2), settings_of(tmp_path))
