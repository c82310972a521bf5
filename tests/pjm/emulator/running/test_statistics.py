"""Statistics of jobs."""

from __future__ import annotations

import re
from typing import Iterator, List

import pytest

from pjm import emulator
from tests.builders.emulated import PATIENCE, WAIT, Emulated, make, until

USER = {"PJM_EMULATOR_USER": "somebody"}


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One node, and jobs of all models; those that are asked about are those of `somebody`."""
    pjm = make(tmp_path_factory.mktemp("waiting"), nodes=1, second=1000)
    pjm.submit("sleep 60000", "-N", "first", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "a-name-of-many-letters", "-L", "node=2x3x2,elapse=1:30:00", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "many", "--bulk", "--sparam", "1-3", "-g", "hp000000", env=USER)
    pjm.submit("true", "-N", "steps", "--step", "-g", "hp000000", env=USER)
    others = pjm.submit("true", "-N", "others", "-g", "hp000001", env={"PJM_EMULATOR_USER": "else"})
    pjm.wait_for(others, "QUE")
    until(lambda: ["RUN", *["QUE"] * 3] == [row["ST"] for row in pjm.rows("--choose=st", env=USER)])
    yield pjm
    assert emulator.stop(pjm.folder, PATIENCE)


def masked(text: str) -> str:
    """Dates made equal."""
    return re.sub(r"\d\d/\d\d \d\d:\d\d:\d\d", "MM/DD hh:mm:ss", text)


def said(pjm: Emulated, *words: object) -> List[str]:
    """The lines of pjstat."""
    ended = pjm.command("pjstat", *words, env=USER)
    assert (0, "") == (ended.code, ended.err)
    return masked(ended.out).splitlines()


def test_statistics_of_a_job(waiting: Emulated) -> None:
    lines = said(waiting, "-s", "48000002")

    assert "[Job Statistical Information]" == lines[0]
    assert " JOB NAME                    : a-name-of-many-letters" in lines
    assert " ELAPSE TIME (LIMIT)         : 01:30:00 (5400)" in lines
    assert [lines[0], " STATE                       : QUE"] == said(waiting, "-s", "--choose", "st", "48000002")


def test_statistics_count_the_sub_jobs_that_have_ended(pjm: Emulated) -> None:
    script = '[ "$PJM_BULKNUM" = 2 ] || exit 0\n' + WAIT
    whole = pjm.submit(script, "--bulk", "--sparam", "2-12")
    for number in range(3, 13):
        pjm.wait_for(f"{whole}[{number}]", "EXT")

    lines = pjm.command("pjstat", "-s", whole).out.splitlines()
    order = [row["JOB_ID"] for row in pjm.rows("-E", "--choose", "jid", "--sort", "jid:D")]

    assert f" {'SUB JOB NUM':<28}: 10/11" in lines
    assert [f" {'START BULKNO':<28}: 2", f" {'END BULKNO':<28}: 12"] == [line for line in lines if "BULKNO" in line]
    assert [*(f"{whole}[{number}]" for number in range(12, 1, -1)), whole] == order
    pjm.go()
