"""What the tests of pjm/remote share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.fake_ssh import FakeSsh, fake_ssh


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    """A machine behind an `ssh` that runs everything here."""
    return fake_ssh(tmp_path / "there", monkeypatch)
