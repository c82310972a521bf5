"""pjrls: held jobs released, and nothing else."""

from __future__ import annotations

from tests.builders.emulated import WAIT, Emulated


def test_only_the_held_are_released_and_only_the_living_deleted(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    assert f"[ERR.] PJM 0413 pjrls Job {job} status is not hold.\n" == pjm.command("pjrls", job).err
    pjm.command("pjdel", job)
    pjm.ended(job)

    assert f"[ERR.] PJM 0112 pjdel Job {job} does not exist.\n" == pjm.command("pjdel", job).err
    assert "[ERR.] PJM 0111 pjdel Invalid jobid: x.\n" == pjm.command("pjdel", "x").err
    said = "[ERR.] PJM 0110 pjdel No jobid(s) specified.\nTry `pjdel --help` for more information.\n"
    assert said == pjm.command("pjdel").err
