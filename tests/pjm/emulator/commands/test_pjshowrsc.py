"""pjshowrsc: the nodes that are free, in the columns of the Fugaku guide."""

from __future__ import annotations

from typing import List

import pytest

from pjm.emulator.commands import pjshowrsc
from pjm.emulator.machine.context import Context
from tests.builders.emulated import Emulated

CLUSTER = "[ CLST: fugaku-comp ]"
UNIT = "[ RSCUNIT: rscunit_ft01 ]"


# One of the four nodes has a job.
@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            [],
            [
                CLUSTER,
                "RSCUNIT          NODE",
                "                 TOTAL   FREE  ALLOC",
                "rscunit_ft01         4      3      1",
            ],
        ),
        (
            ["--rscgrp", "small,large"],
            [
                CLUSTER,
                UNIT,
                "RSCGRP           NODE",
                "                 TOTAL   FREE  ALLOC",
                "small                4      3      1",
                "large                4      3      1",
            ],
        ),
        (
            ["-l"],
            [
                CLUSTER,
                UNIT,
                "     RSC    TOTAL    FREE   ALLOC",
                "    node        4       3       1",
                "     cpu      192     144      48",
                "     mem    112Gi    84Gi    28Gi",
            ],
        ),
        (["--data"], ["H,,TOTAL,FREE,ALLOC", ",rscunit_ft01,4,3,1"]),
    ],
)
def test_what_is_free(context: Context, capsys: pytest.CaptureFixture[str], words: List[str], lines: List[str]) -> None:
    assert 0 == pjshowrsc.run(context, words)
    assert lines == capsys.readouterr().out.splitlines()


def test_custom_resources(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for words in (["-v2"], ["--custom-resource"], ["-C"]):
        assert 0 == pjshowrsc.run(context, words)
        shown.append(capsys.readouterr().out.splitlines())

    assert [
        CLUSTER,
        UNIT,
        "CUSTOM_RESOURCE",
        "RSCNAME                              TOTAL      FREE     ALLOC",
        "freq/2000                        unlimited unlimited         0",
    ] == shown[0][:5]
    assert shown[0] == shown[1] == shown[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rg", "x"], "3298 pjshowrsc The specified resource group name is wrong: x"),
        (["--ru", "x"], "3297 pjshowrsc Specification of resource unit name is wrong: x"),
        (["--nodegrp"], "3201 pjshowrsc Invalid option: --nodegrp"),
        (["-v", "1"], "3204 pjshowrsc Invalid option: -v 1 (emulator)"),
    ],
)
def test_what_is_refused(asked: Emulated, words: List[str], message: str) -> None:
    ended = asked.command("pjshowrsc", *words)

    assert (1, "", f"[ERR.] PRM {message}\n") == (ended.code, ended.out, ended.err)
