"""pjhold: jobs held until they are released."""

from __future__ import annotations

from typing import Callable

from tests.builders.emulated import WAIT, Emulated


def test_hold_and_release(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=1)
    running = pjm.submit(f"echo x >> tries; {WAIT}")
    waiting = pjm.submit("true")
    pjm.written("tries")
    pjm.wait_for(waiting, "QUE")

    held = pjm.command("pjhold", running, waiting, "99")
    pjm.wait_for(running, "HLD")
    pjm.wait_for(waiting, "HLD")
    pjm.go()
    released = pjm.command("pjrls", running, waiting, "99")

    assert [f"[INFO] PJM 0300 pjhold Accepted job {job}." for job in (running, waiting)] == held.out.splitlines()
    assert (1, "[ERR.] PJM 0312 pjhold Job 99 does not exist.\n") == (held.code, held.err)
    assert [f"[INFO] PJM 0400 pjrls Job {job} released." for job in (running, waiting)] == released.out.splitlines()
    assert ["EXT 0 0 0", "EXT 0 0 0"] == [row.codes for row in pjm.ended(running, waiting)]
    assert "x\nx\n" == pjm.read("tries")
