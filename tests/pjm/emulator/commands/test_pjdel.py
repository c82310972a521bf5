"""pjdel: jobs deleted at every moment of their lives."""

from __future__ import annotations

from typing import Callable

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated


def test_what_was_deleted_leaves_what_was_asked_for(pjm: Emulated) -> None:
    plain, silent = (pjm.submit(WAIT, "-S") for _ in range(2))
    whole = pjm.submit(WAIT, "-s", "--bulk", "--sparam", "1-2")
    for job in (plain, silent, f"{whole}[1]", f"{whole}[2]"):
        pjm.wait_for(job, "RUN")

    pjm.command("pjdel", plain)
    pjm.command("pjdel", "--no-stats", "--no-history", silent, whole)
    pjm.ended(plain, silent, whole)

    assert [f"job.sh.{plain}.stats"] == [path.name for path in pjm.work.glob("*.stats")]
    assert [plain] == [row["JOB_ID"] for row in pjm.rows("-H", "-E")]


def test_a_job_may_be_deleted_at_any_moment_of_its_life(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=16, accept=0.02, start=0.02)
    pjm.script("sleep 600")
    ids = []
    for number in range(16):
        # Those that come later are nearer to their start when all are deleted at once.
        ids.append(pjm.command("pjsub", "-z", "jid", "job.sh").out.strip())
        if number % 4 == 3:
            pjm.command("pjdel", *ids[-4:])

    ended = {row.codes for row in pjm.ended(*ids)}

    assert ended <= {"CCL 1 1 9", "CCL 0 1 0", "RJT 0 2 0"}
    assert {1} >= {job.starts for job in emulator.jobs(pjm.folder) if job.starts}


def test_a_job_that_is_being_accepted_is_rejected_by_deletion(making: Callable[..., Emulated]) -> None:
    pjm = making(accept=600)
    job = pjm.submit("true")
    pjm.command("pjdel", job)

    assert "RJT 0 2 0" == pjm.ended(job)[0].codes
