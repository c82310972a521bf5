"""Dependencies between the steps of a job."""

from __future__ import annotations

import pytest

from pjm.emulator.running.steps import removed
from tests.builders.emulated import WAIT, Emulated


def test_a_dependency_without_numbers_means_the_step_that_was_executed_last() -> None:
    ended = {0: {"ec": 1, "pc": 0}, 5: {"ec": 0, "pc": 0}}

    assert [] == removed(6, ["ec!=0"], ended, {})
    assert [6] == removed(6, ["ec!=0:one:0"], ended, {})
    assert [6, 7, 9] == removed(6, ["ec==0:after"], ended, {7: ["ec==3"], 8: ["pc==9:one:5"], 9: ["ec==3:one:7"]})


def test_steps_run_one_after_the_other_in_the_order_of_their_numbers(pjm: Emulated) -> None:
    for name in ("a.sh", "b.sh", "c.sh"):
        pjm.script(f"echo {name} >> ran; sleep 0.1\n", name)

    ended = pjm.command("pjsub", "--step", "a.sh,b.sh", "c.sh")

    said = "[INFO] PJM 0000 pjsub Job 48000001_{} submitted.\n"
    assert "".join(said.format(number) for number in range(3)) == ended.out
    pjm.ended("48000001")
    assert "a.sh\nb.sh\nc.sh\n" == pjm.read("ran")


@pytest.mark.parametrize(
    ("dependencies", "endings"),
    [
        (["", "sd=ec==1,3", "", ""], "EXT CCL EXT EXT"),
        (["", "sd=ec==1,2", "", ""], "EXT EXT EXT EXT"),
        (["", "sd=ec!=0:one", "sd=pc!=0:one:1", "sd=ec>3"], "EXT CCL CCL EXT"),
        (["", "sd=ec>=3:after", "sd=ec==9:one:1", "sd=ec==9:one:0"], "EXT CCL CCL EXT"),
        (["", "sd=ec>0:all", "", ""], "EXT CCL CCL CCL"),
        (["", "", "sd=ec!=0", "sd=ec!=0:one:0:1"], "EXT EXT EXT CCL"),
        (["", "sd=NONE", "sd=ec<3,sd=pc!=0:one:0", "sd=ec<=3:one:0"], "EXT EXT CCL CCL"),
    ],
)
def test_a_step_is_removed_when_its_dependency_is_true(pjm: Emulated, dependencies: list[str], endings: str) -> None:
    for number, dependency in enumerate(dependencies):
        sparam = ",".join(part for part in ("jnam=chain", dependency) if part)
        pjm.submit(f"{WAIT}exit 3" if not number else "exit 0", "--step", "--sparam", sparam)
    pjm.go()

    found = pjm.ended(*[f"48000001_{number}" for number in range(4)])

    assert endings == " ".join(row.st for row in found)
    assert {6} >= {row.pc for row in found if row.st == "CCL"}
