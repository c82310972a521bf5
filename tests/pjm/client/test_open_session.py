"""What a session begins with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

import pytest

from pjm import emulator
from pjm.client.open_session import emulator_found, history_days, local_part

NOW = 1_800_000_000.0


@pytest.mark.parametrize(("days", "expected"), [(0, None), (1.9, None), (2, 4), (10.5, 12), (400, 90)])
def test_an_old_session_has_the_history_looked_at_that_far_back(days: float, expected: Optional[int]) -> None:
    assert expected == history_days(NOW - days * 86400, NOW)


def test_a_session_that_does_not_say_when_it_began_is_taken_for_a_young_one() -> None:
    assert None is history_days(None, NOW)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        *((name, True) for name in ("local", "local/a/b", "shared/../local/a", "link/a", "local/out")),
        *((name, False) for name in ("shared/a", "locally", "local/../shared")),
    ],
)
def test_a_folder_of_this_machine_alone_is_known_by_whatever_name(tmp_path: Path, folder: str, expected: bool) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "link").symlink_to("local")
    (tmp_path / "local" / "out").symlink_to("../shared")  # compute nodes do not see the link

    assert expected == (local_part(tmp_path / folder, [tmp_path / "local"]) is not None)


def test_folders_of_this_machine_alone_are_the_usual_ones() -> None:
    assert [True, True, True, False] == [
        local_part(Path(folder)) is not None
        for folder in ("/tmp", "/var/tmp/x", "/home/../dev/shm", "/home/u00000/.pjm")  # noqa: S108 - to be refused
    ]


def test_an_emulator_is_known_by_its_commands_not_by_a_variable(tmp_path: Path) -> None:
    variables = emulator.environment(tmp_path / "emulator")

    assert emulator_found({**os.environ, **variables})
    assert not emulator_found({**os.environ, "PATH": variables["PATH"]})
    assert not emulator_found({**os.environ, **variables, "PJM_EMULATOR": "none"})
    assert not emulator_found({**os.environ, "PJM_EMULATOR": variables["PJM_EMULATOR"], "PATH": ""})
