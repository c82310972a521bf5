"""Faults on demand: which calls and jobs they hit, and where they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

from tests.builders.emulated import Emulated


def test_every_third_call_and_not_the_first_two(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "0290", "every": 3, "skip": 1}, {"fault": "0090", "skip": 1, "times": 1}])
    pjm.script("true")

    assert [0, 0, 0, 1, 0, 0, 1] == [pjm.command("pjstat").code for _ in range(7)]
    assert [0, 1, 0] == [pjm.command("pjsub", "job.sh").code for _ in range(3)]


def test_faults_of_one_client_come_by_its_environment(pjm: Emulated, tmp_path: Path) -> None:
    faults = json.dumps([{"fault": "0290"}])
    (tmp_path / "mine.json").write_text(faults)

    assert [0, 1, 1] == [
        pjm.command("pjstat").code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": faults}).code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": str(tmp_path / "mine.json")}).code,
    ]
