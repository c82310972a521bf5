from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_repro.gate import comparison as checked
from mnist_repro.harness import fixture as checking
from tests.builders.gate_cases import runs


@pytest.mark.parametrize("better", [0.0, 0.25])
def test_a_comparison_comes_back_from_its_json_as_it_was(folder: Path, better: float) -> None:
    found = checking.judge(folder, runs(better=better))

    assert found == checked.from_fields(json.loads(json.dumps(checked.as_fields(found))))
