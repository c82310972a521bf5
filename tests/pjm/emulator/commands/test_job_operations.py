"""pjdel, pjhold and pjrls: ids, ranges and sub jobs."""

from __future__ import annotations

from tests.builders.emulated import WAIT, Emulated
from tests.builders.processes import until


def test_others_jobs_cannot_be_deleted_or_waited_for(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)

    assert (
        f"[ERR.] PJM 0112 pjdel Job {job} does not exist.\n"
        == pjm.command("pjdel", job, env={"PJM_EMULATOR_USER": "x"}).err
    )
    assert 1 == pjm.command("pjwait", job, env={"PJM_EMULATOR_USER": "x"}).code


def test_deleting_says_what_was_deleted(pjm: Emulated) -> None:
    normal = pjm.submit(WAIT, "-s")
    bulk = pjm.submit(WAIT, "--bulk", "--sparam", "0-4")
    step = pjm.submit(WAIT, "--step", "--sparam", "jnam=s")[:-2]
    pjm.submit(WAIT, "--step", "--sparam", "jnam=s")
    pjm.wait_for(normal, "RUN")
    # What is still being accepted is rejected.
    until(lambda: "ACC" not in pjm.states().values())

    ended = pjm.command("pjdel", "-R", "no more", normal, f"{bulk}[0-2]", step, bulk)

    accepted = [normal, f"{bulk}[0-2]", f"{step}_0", f"{step}_1", bulk]
    assert [f"[INFO] PJM 0100 pjdel Accepted job {job}." for job in accepted] == ended.out.splitlines()
    first, *others = pjm.ended(normal, f"{bulk}[0]", f"{bulk}[4]", bulk, step, f"{step}_0", f"{step}_1")
    # EC 1 and SN 9 are the manual's example of a deleted job.
    assert ("CCL 1 1 9", "no more") == (first.codes, first.reason)
    assert {"CCL"} == {row.st for row in others}
    assert "[INFO] PJM 7090" in pjm.read(f"job.sh.{normal}.err")
    assert " STATE                     : CCL\n" in pjm.read(f"job.sh.{normal}.stats")
