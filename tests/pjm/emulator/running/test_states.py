"""States of jobs: what each event does to a job, to its parent and to the next step."""

from __future__ import annotations

import os
import signal
from typing import Callable, Dict, List, Optional

import pytest

from pjm.emulator.machine.store import WHOLE, Job, Store
from pjm.emulator.running import states
from tests.builders.emulated import WAIT, Emulated
from tests.builders.processes import until

NOW = 1000.0


def put(store: Store, state: str, sub: int = WHOLE, model: str = "NM", **values: object) -> Job:
    """A job of the database."""
    fields = {"spec": {"end": 5.0}, "state": state, **values}
    job = Job(12, sub, model, "name", "user", "group", **fields)
    store.put([job])
    return job


def end_script(store: Store, job: Job, now: float = NOW, **result: object) -> Job:
    """The script of a job ends; the job as it then is."""
    states.script_ended(store, job, {"state": "EXT", "ec": 0, "pc": 0, "sn": 0, "reason": "", **result}, now)
    found = store.get(12, job.sub)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fault", "state", "pc", "reason", "due"),
    [
        ({"fault": "late"}, "QUE", 0, "", None),
        ({"fault": "reject"}, "RJT", 2, "RSCGRP STOP", None),
        ({"fault": "gate-check"}, "ERR", 8, "GATE CHECK", None),
        ({"fault": "hold", "reason": "root:maintenance"}, "HLD", 4, "root:maintenance", None),
        ({"fault": "stuck"}, "QUE", 0, "INSUFF NODE", None),
        ({"fault": "stuck", "seconds": 5}, "QUE", 0, "INSUFF NODE", NOW + 5),
        ({"fault": "vanish", "when": "queued", "after": 2}, "QUE", 0, "", NOW + 2),
    ],
)
def test_faults_of_jobs_that_are_accepted(
    store: Store, fault: Dict[str, object], state: str, pc: int, reason: str, due: Optional[float]
) -> None:
    job = put(store, "ACC", due=NOW, faults=[fault])

    states.due(store, job, NOW)

    assert [(state, pc, reason, due)] == [(each.state, each.pc, each.reason, each.due) for each in store.all()]
    assert ((state, reason, due) == ("QUE", "", None)) == bool(store.waiting(1))


def test_a_stuck_job_waits_for_nodes_when_its_time_is_over(store: Store) -> None:
    states.due(store, put(store, "QUE", reason="INSUFF NODE", due=NOW), NOW)

    assert [("QUE", "", None)] == [(each.state, each.reason, each.due) for each in store.waiting(1)]


@pytest.mark.parametrize(("state", "when"), [("QUE", "queued"), ("RNO", "ended")])
def test_a_job_vanishes(store: Store, state: str, when: str) -> None:
    final = {"state": "EXT", "reason": "", "ec": 0, "pc": 0, "sn": 0}
    job = put(store, state, due=NOW, faults=[{"fault": "vanish", "when": when}], usage={"final": final})

    states.due(store, job, NOW)

    assert [] == store.all()


def test_a_job_runs_out_and_then_ends_with_its_codes(store: Store) -> None:
    job = put(store, "RUN", faults=[{"fault": "runout", "seconds": 60}])

    job = end_script(store, job, ec=3, reason="why", ended=NOW - 1, usage={"user": 0.5})
    assert ("RNO", NOW + 65, NOW - 1, 0.5) == (job.state, job.due, job.usage["ended"], job.usage["user"])
    states.due(store, job, NOW + 65)

    (job,) = store.all()
    assert ("EXT", "RNO", 3, "why", NOW + 65) == (job.state, job.last_state, job.ec, job.reason, job.whole_ended)


@pytest.mark.parametrize(
    ("then", "wish", "state", "retry"),
    [
        ("restart", "", "QUE", 1),
        ("hold", "hold", "HLD", 1),
        ("restart", "delete", "RNO", 0),
        ("hold", "delete", "RNO", 0),
    ],
)
def test_a_job_that_was_deleted_meanwhile_neither_restarts_nor_is_held(
    store: Store, then: str, wish: str, state: str, retry: int
) -> None:
    job = end_script(store, put(store, "RUN", wish=wish, wish_text="user:why"), then=then)

    assert (state, retry, "") == (job.state, job.retry, job.wish)
    if state == "RNO":
        final = {"state": "CCL", "reason": "user:why", "ec": 0, "pc": 1, "sn": 0}
        assert final == job.usage["final"]


@pytest.mark.parametrize(
    ("state", "wish", "then", "pc", "reason"),
    [
        ("ACC", "delete", "RJT", 2, "why"),
        ("QUE", "delete", "CCL", 1, "why"),
        ("HLD", "delete", "CCL", 1, "why"),
        ("ERR", "delete", "CCL", 1, "why"),
        ("RNO", "delete", "RNO", 0, ""),
        ("QUE", "hold", "HLD", 4, "why"),
        ("RNO", "hold", "RNO", 0, ""),
    ],
)
def test_wishes(store: Store, state: str, wish: str, then: str, pc: int, reason: str) -> None:
    states.wished(store, put(store, state, wish=wish, wish_text="why"), NOW)

    (job,) = store.all()
    assert (then, pc, reason, "", int(then == "HLD")) == (job.state, job.pc, job.reason, job.wish, job.held)


@pytest.mark.parametrize(
    ("subs", "fault", "whole"),
    [
        ("ACC ACC", "", "ACC"),
        ("QUE ACC", "", "QUE"),
        ("EXT QUE RUN", "", "RUN"),
        ("EXT RNO", "", "RNO"),
        ("EXT HLD", "", "HLD"),
        ("EXT ERR", "", "ERR"),
        ("EXT CCL RJT", "", "EXT"),
        ("CCL RJT", "", "CCL"),
        ("RJT RJT", "", "RJT"),
        ("EXT QUE", "parent-runout", "RNO"),
    ],
)
def test_the_state_of_a_whole_job_follows_from_its_sub_jobs(store: Store, subs: str, fault: str, whole: str) -> None:
    put(store, "-", model="BU", faults=[{"fault": fault}])
    jobs = [put(store, state, number, "BU") for number, state in enumerate(subs.split())]

    states.update_parent(store, jobs[-1], NOW)

    over = NOW if whole in ("EXT", "CCL", "RJT") else None
    assert [whole] == [job.state for job in store.with_subs((12, 12)) if job.is_parent]
    assert {over} == {job.whole_ended for job in store.all()}


@pytest.mark.parametrize(
    ("needs", "endings"),
    [
        (["", "ec==1,3", "", ""], "EXT CCL EXT EXT"),
        (["", "ec==1,2", "", ""], "EXT EXT EXT EXT"),
        (["", "ec!=0:one", "pc!=0:one:1", "ec>3"], "EXT CCL CCL EXT"),
        (["", "ec>=3:after", "ec==9:one:1", "ec==9:one:0"], "EXT CCL CCL EXT"),
        (["", "ec>0:all", "", ""], "EXT CCL CCL CCL"),
        (["", "", "ec!=0", "ec!=0:one:0:1"], "EXT EXT EXT CCL"),
        (["", "NONE", "ec<3 pc!=0:one:0", "ec<=3:one:0"], "EXT EXT CCL CCL"),
    ],
)
def test_a_step_is_removed_when_its_dependency_is_true(store: Store, needs: List[str], endings: str) -> None:
    put(store, "QUE", model="ST")
    for number, text in enumerate(needs):
        put(store, "QUE", number, "ST", spec={"end": 0.0, "needs": text.split()})

    now = NOW
    while store.waiting(1):
        (step,) = store.waiting(9)
        step.started = now
        now += 1
        states.due(store, end_script(store, step, now, ec=0 if step.sub else 3), now)

    whole, *steps = store.all()
    assert (endings, "EXT") == (" ".join(step.state for step in steps), whole.state)
    assert {6} >= {step.pc for step in steps if step.state == "CCL"}


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


def test_who_is_held_and_then_deleted_is_deleted(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    pjm.wait_for(job, "RUN")
    run = pjm.folder / "runs" / f"{job}.0"
    until((run / "started.json").exists)

    # The order to hold reaches the job, and before the daemon hears of its end somebody deletes it.
    os.kill(pjm.daemon(), signal.SIGSTOP)
    (run / "order").write_text('{"order": "hold"}', encoding="utf-8")
    (run / "order").rename(run / "order.json")
    os.kill(pjm.runner(job), signal.SIGUSR1)
    until((run / "result.json").exists)
    deleted = pjm.command("pjdel", job)
    os.kill(pjm.daemon(), signal.SIGCONT)
    (row,) = pjm.ended(job)

    assert f"[INFO] PJM 0100 pjdel Accepted job {job}.\n" == deleted.out
    assert ("CCL", 1) == (row.st, row.pc)
