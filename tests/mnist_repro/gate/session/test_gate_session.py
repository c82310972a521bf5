from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from mnist_repro.gate.session.gate_session import GateSession


class Config:
    """What a session asks pytest's configuration."""

    def __init__(self, folder: Path) -> None:
        self.option = self
        self.gate_seeds, self.gate_report, self.collectonly = 3, folder, False


def session(folder: Path) -> GateSession:
    return GateSession(cast(pytest.Config, Config(folder)))


def test_the_report_of_an_earlier_session_is_replaced_at_once(tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_text('{"passes": true}', encoding="utf-8")
    session(tmp_path).pytest_sessionstart()

    report = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    assert (False, False, "3") == (report["passes"], report["complete"], report["session"]["settings"]["seeds"])


def test_a_folder_that_cannot_be_written_stops_the_session(tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("a file", encoding="utf-8")

    with pytest.raises(pytest.UsageError, match="--gate-report: cannot write"):
        session(tmp_path / "gate").pytest_sessionstart()
