from __future__ import annotations

from pathlib import Path

import pytest

from mnist_repro.gate.baselines.folder import option


@pytest.mark.parametrize(
    ("folder", "text"),
    [("baselines", ""), ("./baselines/", ""), ("stored", " --baselines stored"), ("of mine", " --baselines 'of mine'")],
)
def test_a_command_names_the_folder_unless_it_is_the_usual_one(folder: str, text: str) -> None:
    assert text == option(Path(folder))


def test_the_usual_folder_may_be_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert "" == option(tmp_path / "baselines")
