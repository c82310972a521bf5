from __future__ import annotations

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.read_only import in_ci, require_writable_baselines


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), ("False", False), ("0", False)],
)
def test_a_service_says_that_this_is_ci(value: str, expected: bool) -> None:
    assert expected is in_ci({"CI": value})


def test_in_ci_no_baseline_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(BadInput, match="baseline accept does nothing here: CI=true"):
        require_writable_baselines("baseline accept")

    monkeypatch.delenv("CI")
    require_writable_baselines("baseline accept")
