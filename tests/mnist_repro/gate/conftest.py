from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.gate_cases import store, stored, stored_fingerprint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Baselines of vgg7 and wheel-softmax, where commands look for them."""
    monkeypatch.chdir(tmp_path)
    return store(tmp_path / "baselines", stored(), stored("wheel-softmax"), stored_fingerprint())
