"""Rules of faults: which are refused, and why."""

from __future__ import annotations

import json
from typing import Dict

import pytest

from pjm import emulator
from pjm.errors import BadInput
from tests.builders.emulated import Emulated


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"fault": "nonsense"}, "no such fault"),
        ({"fault": "delay", "secnods": 1}, "it has no 'secnods'"),
        ({"fault": "delay", "seconds": "1"}, "seconds is '1'"),
        ({"times": 1}, "it does not say which fault"),
    ],
)
def test_a_wrong_rule_is_said_where_it_is_made_and_where_it_is_read(
    pjm: Emulated, rule: Dict[str, object], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        emulator.environment(pjm.folder, faults=[rule])
    answer = pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": json.dumps([rule])})

    assert 2 == answer.code
    assert why in answer.err


WRONG_RULES = [
    ({"fault": "0290", "every": 0}, "every is 0, and must be at least 1"),
    ({"fault": "0290", "command": "pjstats"}, "must be one of pjsub, pjdel"),
    ({"fault": "vanish", "when": "never"}, "must be one of queued, running, ended"),
    ({"fault": "delay", "seconds": -1}, "seconds is -1, and must be at least 0"),
    ({"fault": "delay", "seconds": float("nan")}, "seconds is nan"),
    ({"fault": "end", "st": "RUN"}, "must be one of EXT, CCL, RJT"),
    ({"fault": "kill", "signal": 99}, "must be from 1 to 64"),
    ({"fault": "truncate", "files": [1]}, "must be a list of words"),
]


@pytest.mark.parametrize(("rule", "said"), WRONG_RULES, ids=[said for _, said in WRONG_RULES])
def test_a_rule_that_could_never_hit_is_refused(pjm: Emulated, rule: object, said: str) -> None:
    refused = pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": json.dumps([rule])})

    assert (2, "") == (refused.code, refused.out)
    assert said in refused.err
    assert "Traceback" not in refused.err
