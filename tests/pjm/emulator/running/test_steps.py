"""Dependencies between the steps of a job."""

from __future__ import annotations

import pytest

from pjm.emulator.machine.messages import Refusal
from pjm.emulator.running.steps import dependency, removed
from tests.builders.emulated import Emulated


@pytest.mark.parametrize("text", ["ec", "ec=1", "ec>1,2", "ec==1:some", "ec==1:one:x", "rc==1", "ec==1:one:123456"])
def test_what_is_no_dependency(text: str) -> None:
    with pytest.raises(Refusal):
        dependency(text)


def test_a_dependency_without_numbers_means_the_step_that_was_executed_last() -> None:
    ended = {0: {"ec": 1, "pc": 0}, 5: {"ec": 0, "pc": 0}}

    assert [] == removed(6, ["ec!=0"], ended, {})
    assert [6] == removed(6, ["ec!=0:one:0"], ended, {})
    assert [6, 7, 9] == removed(6, ["ec==0:after"], ended, {7: ["ec==3"], 8: ["pc==9:one:5"], 9: ["ec==3:one:7"]})


def test_steps_run_one_after_the_other_in_the_order_of_their_numbers(pjm: Emulated) -> None:
    for name in ("a.sh", "b.sh", "c.sh"):
        pjm.script(f"echo {name} >> ran\n", name)

    ended = pjm.command("pjsub", "--step", "a.sh,b.sh", "c.sh")

    said = "[INFO] PJM 0000 pjsub Job 48000001_{} submitted.\n"
    assert "".join(said.format(number) for number in range(3)) == ended.out
    pjm.ended("48000001")
    assert "a.sh\nb.sh\nc.sh\n" == pjm.read("ran")
