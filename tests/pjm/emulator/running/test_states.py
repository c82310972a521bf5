"""States of jobs, with faults that hold, lose or delay them."""

from __future__ import annotations

import os
import signal
import time
from typing import Callable, Dict

import pytest

from tests.builders.emulated import WAIT, Emulated, until


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ({"fault": "gate-check"}, "ERR", "GATE CHECK"),
        ({"fault": "hold", "reason": "root:maintenance"}, "HLD", "root:maintenance"),
        ({"fault": "stuck", "reason": "INSUFF NODE"}, "QUE", "INSUFF NODE"),
    ],
)
def test_jobs_that_get_stuck_until_they_are_deleted(
    making: Callable[..., Emulated], fault: Dict[str, object], state: str, reason: str
) -> None:
    pjm = making(faults=[fault])
    job = pjm.submit("true")

    def there() -> bool:
        return [(state, reason)] == [(row["ST"], row["REASON"]) for row in pjm.rows("--choose=st,ermsg", job)]

    until(there)
    time.sleep(0.2)
    assert there()
    assert 0 == pjm.command("pjdel", job).code
    assert "CCL" == pjm.ended(job)[0].st


@pytest.mark.parametrize("when", ["queued", "running", "ended"])
def test_a_job_vanishes_from_both_views(making: Callable[..., Emulated], when: str) -> None:
    pjm = making(faults=[{"fault": "vanish", "when": when}])
    job = pjm.submit("echo ran; test $PJM_JOBNAME = quick || sleep 600", "-N", "quick" if when == "ended" else "slow")

    until(lambda: not pjm.rows(job) and not pjm.rows("-H", job))
    time.sleep(0.1)
    assert [] == pjm.rows(job) + pjm.rows("-H", job)
    assert when == "running" or (when == "ended") == (pjm.work / f"quick.{job}.out").exists()


def test_a_vanished_sub_job_leaves_the_others(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "vanish", "part": 2}])
    job = pjm.submit("test $PJM_BULKNUM != 2 || sleep 600", "--bulk", "--sparam", "1-3")

    assert ["EXT"] * 3 == [row.st for row in pjm.ended(job, f"{job}[1]", f"{job}[3]")]
    assert [] == pjm.rows("-H", "-E", f"{job}[2]")


def test_late_and_for_a_while_in_no_view(making: Callable[..., Emulated]) -> None:
    pjm = making(
        faults=[{"fault": "late", "seconds": 600, "job": "late"}, {"fault": "gap", "seconds": 600, "job": "gap"}]
    )
    late, gap = pjm.submit(WAIT, "-N", "late"), pjm.submit("true", "-N", "gap")
    pjm.command("pjwait", gap)

    assert [] == pjm.rows(late) + pjm.rows(gap) + pjm.rows("-H", gap)


def test_a_bulk_job_runs_out_while_sub_jobs_of_it_wait(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=1, faults=[{"fault": "parent-runout"}])
    job = pjm.submit("test $PJM_BULKNUM = 1 || sleep 600", "--bulk", "--sparam", "1-3")
    pjm.wait_for(job, "RNO")

    assert "QUE" == pjm.states()[f"{job}[3]"]


def test_running_out_takes_long(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "runout", "seconds": 0.5}])

    job = pjm.submit("true")
    (row,) = pjm.ended(job)

    assert "RNO" == row.lst
    assert 0.5 <= pjm.ran_out_for(job)


def test_who_is_held_and_then_deleted_is_deleted(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    pjm.wait_for(job, "RUN")
    daemon = int((pjm.folder / "daemon.lock").read_text(encoding="utf-8"))
    run = pjm.folder / "runs" / f"{job}.0"
    until((run / "started.json").exists)

    # The order to hold reaches the job, and before the daemon hears of its end somebody deletes it.
    os.kill(daemon, signal.SIGSTOP)
    (run / "order").write_text('{"order": "hold"}', encoding="utf-8")
    (run / "order").rename(run / "order.json")
    until((run / "result.json").exists)
    deleted = pjm.command("pjdel", job)
    os.kill(daemon, signal.SIGCONT)
    (row,) = pjm.ended(job)

    assert f"[INFO] PJM 0100 pjdel Accepted job {job}.\n" == deleted.out
    assert ("CCL", 1) == (row.st, row.pc)
