"""The end of an emulator."""

from __future__ import annotations

from pathlib import Path
from typing import List

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.store import Store
from pjm.emulator.running import alive


def test_two_that_stop_an_emulator_do_not_tread_on_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.environment(tmp_path / "emulator")
    Store(Folder(tmp_path / "emulator").database).close()
    asked: List[bool] = []

    def is_dead(place: Folder) -> bool:
        asked.append(place.leave.exists())
        place.leave.unlink(missing_ok=True)  # as the other one does when it is done
        return len(asked) > 2

    monkeypatch.setattr(alive, "is_dead", is_dead)

    assert emulator.stop(tmp_path / "emulator")
    assert [False, True, True, False] == asked


def test_a_daemon_that_was_just_starting_is_asked_to_leave_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.environment(tmp_path / "emulator")
    Store(Folder(tmp_path / "emulator").database).close()
    # Dead at the first look; then the new daemon has its lock, until it leaves.
    answers = iter([True, False, False, True, True])
    monkeypatch.setattr(alive, "is_dead", lambda place: next(answers))

    assert emulator.stop(tmp_path / "emulator")
    assert [] == list(answers)
