"""pjacl: what one may ask for, in the columns of the Fugaku guide."""

from __future__ import annotations

from typing import List

import pytest

from pjm.emulator.commands import pjacl
from pjm.emulator.machine.context import Context
from tests.builders.emulated import Emulated
from tests.builders.other_outputs import Bounds, bounds


def said(context: Context, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What pjacl prints."""
    assert 0 == pjacl.run(context, words)
    return capsys.readouterr().out


def test_the_parameters_of_small(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(context, capsys, "--rg", "small")

    lines = text.splitlines()
    assert ["#", "# JOBACL information", "#", ""] == lines[:4]
    start = lines.index("pjsub option parameters")
    assert [
        "    (-L/--rsc-list)                         lower            upper            default",
        "        (elapse=)                           00:01:00         72:00:00         00:01:00",
        "        (adaptive elapsed time min)         00:01:00         72:00:00         00:01:00",
        "        (adaptive elapsed time max)         00:01:01         144:00:00        144:00:00",
        "        (node elapse)                       1                unlimited        -",
        "        (adaptive node elapse min)          1                unlimited        -",
        "        (adaptive node elapse max)          2                unlimited        -",
        "        (total cores elapse)                1                unlimited        -",
        "        (total cores)                       1                unlimited        -",
        "        (node=)                             1                384              1",
    ] == lines[start + 1 : start + 11]
    assert "        (eco_state=)                        0,1,2            -" in lines
    assert "        (throttling_state=)                 0,1,2,3,4,5,6,7,8,9 -" in lines


def test_each_group_has_its_own(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    large = said(context, capsys, "--rscgrp=large", "--rscunit", "rscunit_ft01", "-g", "hp1", "-u", "me")

    assert Bounds("385", "12288", "385") == bounds(large)["node="]
    assert ["user", "me", "group", "hp1"] == " ".join(large.splitlines()[4:6]).split()
    interactive = said(context, capsys, "--rg", "int")
    assert "    (--interact -L)                         lower            upper            default" in interactive
    assert Bounds("00:00:10", "06:00:00", "00:01:00") == bounds(interactive)["elapse="]


def test_fields_for_programs(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    assert "(node=);1;384;1" in said(context, capsys, "--data", "--delimiter", ";").splitlines()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rg", "x"], "3298 pjacl Resource group does not exist: x."),
        (["--rg", "small,large"], "3298 pjacl Resource group does not exist: small,large."),
        (["--ru", "x"], "3297 pjacl Resource unit does not exist: x."),
        (["--rg"], "3201 pjacl Unknown option or no option argument: --rg."),
        (["x"], "3204 pjacl Invalid option argument: x."),
    ],
)
def test_what_is_refused(asked: Emulated, words: List[str], message: str) -> None:
    ended = asked.command("pjacl", *words)

    assert (1, "", f"[ERR.] PJM {message}") == (ended.code, ended.out, ended.err.splitlines()[0])
