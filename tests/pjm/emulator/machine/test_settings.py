"""Settings: which are refused, and what a change keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

import pytest

from pjm.emulator.machine import faults, settings
from pjm.emulator.machine.settings import Settings, checked
from pjm.errors import BadInput


@pytest.mark.parametrize(
    "given",
    [
        {"nodes": 0},
        {"nodes": "4"},
        {"second": -1},
        {"header_only": 1},
        {"groups": {"small": {"x": 1}}},
        {"groups": {"small": 3}},
        {"x": 1},
    ],
)
def test_settings_that_make_no_sense(given: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        checked(given, "emulator.json")


def test_settings_of_a_resource_group_change_only_what_they_name() -> None:
    groups = checked({"groups": {"small": {"elapse_min": 1}, "mine": {}}}, "emulator.json").groups

    assert (1, 384) == (groups["small"].elapse_min, groups["small"].nodes_max)
    assert Settings().groups["small"] == groups["mine"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"second": Infinity}',
        '{"groups": {"small": {"nodes_max": "x"}}}',
        '{"custom": ["gpu"]}',
        '{"custom": {"gpu": "1"}}',
        '{"custom": {"gpu": [1]}}',
    ],
)
def test_a_file_of_settings_that_mean_nothing_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "emulator.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadInput) as refused:
        settings.read(path)
    assert str(path) in refused.value.what


def test_the_environment_replaces_settings_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "emulator.json"
    settings.write(path, {"nodes": 7, "linger": 2})
    settings.write(path, {"nodes": 8})
    given = {"PJM_EMULATOR_LINGER": "0.5", "PJM_EMULATOR_HEADER_ONLY": "true", "PJM_EMULATOR_GROUPS": "x"}

    found = settings.read(path, given)

    assert (8, 0.5, True) == (found.nodes, found.linger, found.header_only)
    with pytest.raises(BadInput):
        settings.read(path, {"PJM_EMULATOR_NODES": "many"})


@pytest.mark.parametrize("read", [settings.read, faults.read])
@pytest.mark.parametrize(
    "content",
    [b"", b'{"nodes": ', b'{"nodes": "\xff"}', b"\0", b"[" * 200_000 + b"]" * 200_000, None],
    ids=["empty", "truncated", "not UTF-8", "NUL", "nested", "folder"],
)
def test_a_file_that_is_not_json_is_named(
    tmp_path: Path, content: Optional[bytes], read: Callable[..., object]
) -> None:
    path = tmp_path / "file.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(BadInput) as caught:
        read(path, {})
    assert f"{path} cannot be read" == caught.value.what
