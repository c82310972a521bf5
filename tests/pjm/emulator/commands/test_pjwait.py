"""pjwait: waits for jobs, and prints how they ended."""

from __future__ import annotations

from tests.builders.emulated import WAIT, Emulated


def test_pjwait_waits_and_says_how_jobs_ended(pjm: Emulated) -> None:
    good = pjm.submit("sleep 0.2")
    bad = pjm.submit("exit 1")
    step = pjm.submit("true", "--step")[:-2]
    long = pjm.submit(WAIT)

    ended = pjm.command("pjwait", good, bad, step, "99")

    assert [f"{good} 0 0 0", f"{bad} 0 1 0", f"{step} - - -", f"{step}_0 0 0 0"] == ended.out.splitlines()
    assert f"{long} X - -\n" == pjm.command("pjwait", "-w", "waitnone", long).out
    assert [f"{good} 0 0 0", f"{long} X - -"] == pjm.command("pjwait", "-w", "waitany", good, long).out.splitlines()
