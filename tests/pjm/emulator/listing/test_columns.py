"""The columns of pjstat: widths, masks, and fields for programs."""

from __future__ import annotations

from tests.builders.emulated import WAIT, Emulated


def test_a_name_cannot_make_two_rows_of_one(pjm: Emulated) -> None:
    refused = pjm.command("pjsub", "-N", "a\nb", stdin="true")
    job = pjm.submit(WAIT, name="a\n48000009 b.sh")
    (row,) = pjm.rows("--choose", "jid,jnam")

    assert (1, "[ERR.] PJM 0004 pjsub Invalid option argument: -N a\nb.\n") == (refused.code, refused.err)
    assert {"JOB_ID": job, "JOB_NAME": "a 48000009 b.sh"} == row
    assert 2 == len(pjm.command("pjstat").out.splitlines())
    pjm.go()
