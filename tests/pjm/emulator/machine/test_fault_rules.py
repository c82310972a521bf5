"""Rules of faults: which are refused, and why; which command a rule is about."""

from __future__ import annotations

import json
from typing import Dict

import pytest

from pjm import emulator
from pjm.emulator.machine.fault_rules import checked, default_command, is_of_jobs
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


def test_some_faults_are_of_jobs() -> None:
    assert [True, False] == [is_of_jobs({"fault": fault}) for fault in ("vanish", "delay")]
