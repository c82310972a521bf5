from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.folder import option, require_writable_baselines


@pytest.mark.parametrize(
    ("folder", "text"),
    [("baselines", ""), ("./baselines/", ""), ("stored", " --baselines stored"), ("of mine", " --baselines 'of mine'")],
)
def test_a_command_names_the_folder_unless_it_is_the_usual_one(folder: str, text: str) -> None:
    assert text == option(Path(folder))


def test_the_usual_folder_may_be_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert "" == option(tmp_path / "baselines")


@pytest.mark.parametrize(
    ("value", "refused"),
    [("true", True), ("1", True), ("woodpecker", True), ("", False), ("False", False), ("0", False), (None, False)],
)
def test_where_a_service_says_that_this_is_ci_no_baseline_is_written(
    value: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)

    with (
        pytest.raises(BadInput, match=f"accept does nothing here: CI={value}") if refused else contextlib.nullcontext()
    ):
        require_writable_baselines("accept")
