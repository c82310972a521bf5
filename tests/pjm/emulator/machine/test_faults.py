"""Faults on demand: which rules are refused, which calls and jobs they hit, and where they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest

from pjm import emulator
from pjm.emulator.machine.faults import checked, default_command, of_command, of_job
from pjm.emulator.machine.store import WHOLE, Job, Store
from pjm.errors import BadInput
from tests.builders.emulated import Emulated

WRONG = [
    ({"fault": "nonsense"}, "no such fault"),
    ({"fault": "delay", "secnods": 1}, "it has no 'secnods'"),
    ({"fault": "delay", "seconds": "1"}, "seconds is '1'"),
    ({"fault": "delay", "times": True}, "times is True"),
    ({"times": 1}, "it does not say which fault"),
    ({"fault": "0290", "every": 0}, "every is 0, and must be at least 1"),
    ({"fault": "0290", "command": "pjstats"}, "must be one of pjsub, pjdel"),
    ({"fault": "vanish", "when": "never"}, "must be one of queued, running, ended"),
    ({"fault": "delay", "seconds": -1}, "seconds is -1, and must be at least 0"),
    ({"fault": "delay", "seconds": float("nan")}, "seconds is nan"),
    ({"fault": "end", "st": "RUN"}, "must be one of EXT, CCL, RJT"),
    ({"fault": "kill", "signal": 99}, "must be from 1 to 64"),
    ({"fault": "truncate", "files": [1]}, "must be a list of words"),
]


@pytest.mark.parametrize(("rule", "why"), WRONG, ids=[why for _, why in WRONG])
def test_a_rule_that_could_never_hit_is_refused(rule: Dict[str, object], why: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked([{"fault": "loading"}, rule], "faults.json")

    assert f"fault {json.dumps(rule)} in faults.json is wrong" == refused.value.what
    assert why in refused.value.why


@pytest.mark.parametrize("rules", [{}, ["0290"], None])
def test_rules_are_a_list_of_objects(rules: object) -> None:
    with pytest.raises(BadInput):
        checked(rules, "faults.json")


def test_a_wrong_rule_is_refused_where_it_is_made_and_where_it_is_read(asked: Emulated) -> None:
    rule = {"fault": "nonsense"}
    with pytest.raises(BadInput, match="no such fault"):
        emulator.environment(asked.folder, faults=[rule])
    answer = asked.command("pjstat", env={"PJM_EMULATOR_FAULTS": json.dumps([rule])})

    assert (2, "") == (answer.code, answer.out)
    assert "no such fault" in answer.err
    assert "Traceback" not in answer.err


COMMANDS = {"0190": "pjdel", "0290": "pjstat", "0413": "pjrls", "0090": "pjsub", "loading": "pjstat", "Q01": "pjsub"}


@pytest.mark.parametrize(("fault", "command"), COMMANDS.items())
def test_a_rule_that_names_no_command_is_about_this_one(fault: str, command: str) -> None:
    assert command == default_command({"fault": fault})


def test_every_third_call_and_not_the_first_two(store: Store) -> None:
    rules = [{"fault": "0290", "every": 3, "skip": 1}, {"fault": "0090", "skip": 1, "times": 1}]

    assert [0, 0, 0, 1, 0, 0, 1] == [len(of_command(rules, "pjstat", store)) for _ in range(7)]
    assert [0, 1, 0] == [len(of_command(rules, "pjsub", store)) for _ in range(3)]
    assert [] == of_command(rules, "pjdel", store)


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
        assert hit == " ".join(name for name, job in jobs.items() if of_job([rule], job, store))


def test_faults_of_one_client_come_by_its_environment(pjm: Emulated, tmp_path: Path) -> None:
    faults = json.dumps([{"fault": "0290"}])
    (tmp_path / "mine.json").write_text(faults)

    assert [0, 1, 1] == [
        pjm.command("pjstat").code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": faults}).code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": str(tmp_path / "mine.json")}).code,
    ]
