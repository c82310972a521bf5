"""pjhold: jobs held until they are released."""

from __future__ import annotations

import time
from typing import Callable

from tests.builders.emulated import WAIT, Emulated


def test_hold_and_release(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=1)
    running = pjm.submit(f"echo x >> tries; {WAIT}")
    waiting = pjm.submit("true")
    pjm.written("tries")
    pjm.wait_for(waiting, "QUE")

    # The waiting one first: it would start as soon as the other is held.
    held = pjm.command("pjhold", waiting, running, "99")
    pjm.wait_for(running, "HLD")
    pjm.wait_for(waiting, "HLD")
    pjm.go()
    released = pjm.command("pjrls", running, waiting, "99")

    assert [f"[INFO] PJM 0300 pjhold Accepted job {job}." for job in (waiting, running)] == held.out.splitlines()
    assert (1, "[ERR.] PJM 0312 pjhold Job 99 does not exist.\n") == (held.code, held.err)
    assert [f"[INFO] PJM 0400 pjrls Job {job} released." for job in (running, waiting)] == released.out.splitlines()
    assert ["EXT 0 0 0", "EXT 0 0 0"] == [row.codes for row in pjm.ended(running, waiting)]
    assert "x\nx\n" == pjm.read("tries")


def test_the_time_for_which_a_job_was_held_is_kept(making: Callable[..., Emulated]) -> None:
    pjm = making(second=0.01)
    job = pjm.submit("#PJM -L elapse=72:00:00\nsleep 0.3")
    pjm.wait_for(job, "RUN")
    pjm.command("pjhold", job)
    pjm.wait_for(job, "HLD")
    time.sleep(0.1)
    pjm.command("pjrls", job)
    pjm.ended(job)

    held = float(str(pjm.job(job).usage["held"]))
    (row,) = pjm.rows("-H", "-s", "--choose", "thldtm,holnm", job)
    assert (f"{held * 100:.0f}", "1") == (row["HOLD_TIME"], row["HOLD_NUM"])
    assert 0.1 <= held
