"""Faults on demand: which calls and jobs they hit, and where they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest

from pjm.emulator.machine.faults import Faults
from pjm.emulator.machine.store import WHOLE, Job, Store
from tests.builders.emulated import Emulated


def test_every_third_call_and_not_the_first_two(store: Store) -> None:
    faults = Faults([{"fault": "0290", "every": 3, "skip": 1}, {"fault": "0090", "skip": 1, "times": 1}])

    assert [0, 0, 0, 1, 0, 0, 1] == [len(faults.of_command("pjstat", store)) for _ in range(7)]
    assert [0, 1, 0] == [len(faults.of_command("pjsub", store)) for _ in range(3)]
    assert [] == faults.of_command("pjdel", store)


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({"fault": "gap"}, "a 3[1] 3[2]"),
        ({"fault": "gap", "job": "a*"}, "a"),
        ({"fault": "gap", "part": 2}, "3[2]"),
        ({"fault": "parent-runout"}, "3"),
        ({"fault": "gap", "skip": 1, "times": 1}, "3[1]"),
        ({"fault": "delay"}, ""),
    ],
)
def test_which_jobs_a_rule_hits(store: Store, rule: Dict[str, object], hit: str) -> None:
    jobs = {"a": Job(1, WHOLE, "NM", "ab", "", "")}
    jobs.update({job.id: job for job in (Job(3, sub, "BU", "b", "", "") for sub in (WHOLE, 1, 2))})

    with store.changing():
        assert hit == " ".join(name for name, job in jobs.items() if Faults([rule]).of_job(job, store))


def test_faults_of_one_client_come_by_its_environment(pjm: Emulated, tmp_path: Path) -> None:
    faults = json.dumps([{"fault": "0290"}])
    (tmp_path / "mine.json").write_text(faults)

    assert [0, 1, 1] == [
        pjm.command("pjstat").code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": faults}).code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": str(tmp_path / "mine.json")}).code,
    ]
