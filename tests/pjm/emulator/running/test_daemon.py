"""The daemon: nothing is lost and nothing runs twice, whichever process is killed."""

from __future__ import annotations

import functools
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Callable, List

import pytest

from pjm import emulator
from pjm.emulator.machine.folder import Folder
from pjm.emulator.machine.store import Store
from pjm.emulator.running import daemon as daemon_module
from pjm.emulator.running import processes
from tests.builders.emulated import WAIT, Emulated, kill
from tests.builders.processes import alive, until


def test_a_job_that_ended_while_no_daemon_lived_is_known_to_have_ended(pjm: Emulated) -> None:
    job = pjm.submit(f"echo began > ran; {WAIT}exit 4")
    pjm.written("ran")
    kill(pjm.daemon())
    pjm.go()
    until((pjm.folder / "runs" / f"{job}.0" / "result.json").exists)
    pjm.rows()

    assert 4 == pjm.ended(job)[0].ec


def test_a_killed_runner_is_a_dead_node_and_the_job_restarts(pjm: Emulated) -> None:
    job = pjm.submit("echo $$ >> ran; test $(wc -l < ran) = 2 || sleep 600")
    pjm.written("ran")
    kill(pjm.runner(job))

    (row,) = pjm.ended(job)

    assert "EXT 0 0 0" == row.codes
    assert [2] == [each.starts for each in emulator.jobs(pjm.folder)]
    assert "PJM 7008" in pjm.read(f"job.sh.{job}.err")
    assert "PLE 1700 The job restarts." in pjm.read(f"job.sh.{job}.out")


def test_a_runner_that_ends_while_the_daemon_looks_is_no_dead_node(
    pjm: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = pjm.submit("echo $$ > ran; " + WAIT)
    pjm.written("ran")
    kill(pjm.daemon())
    result = pjm.folder / "runs" / f"{job}.0" / "result.json"
    is_locked = processes.is_locked

    def ends_meanwhile(path: Path) -> bool:
        pjm.go()
        until(result.exists)
        until(lambda: not is_locked(path))
        return False

    monkeypatch.setattr(processes, "is_locked", ends_meanwhile)
    with Store(pjm.folder / "jobs.sqlite") as store:
        daemon_module.Daemon(Folder(pjm.folder), store, lock=-1)._turn(time.time())
    pjm.rows()  # starts a daemon for the rest

    assert ["EXT 0 0 0"] == [row.codes for row in pjm.ended(job)]
    assert [1] == [each.starts for each in emulator.jobs(pjm.folder)]


def test_daemon_and_runner_killed_at_once(pjm: Emulated) -> None:
    job = pjm.submit("echo $$ >> ran; sleep 600", "--norestart")
    script = pjm.written("ran").strip()
    for process in (pjm.daemon(), pjm.runner(job)):
        kill(process)
    pjm.rows()

    (row,) = pjm.ended(job)

    assert "EXT 0 20 9" == row.codes
    # What was left of it was killed.
    until(lambda: not alive(script))


def _client(pjm: Emulated, number: int) -> List[str]:
    user = f"user{number}"
    env = {"PJM_EMULATOR_USER": user}
    submitted = [pjm.command("pjsub", "-z", "jid", "-o", "%j", "job.sh", env=env) for _ in range(3)]
    assert [(0, "")] * 3 == [(ended.code, ended.err) for ended in submitted]
    ids = [ended.out.strip() for ended in submitted]
    pjm.command("pjwait", *ids, env=env)
    mine = pjm.rows("-H", "--choose=jid,usr", env=env)
    assert [(job, user) for job in ids] == [(row["JOB_ID"], row["USER"]) for row in mine]
    return ids


def test_many_clients_at_once_do_not_tread_on_each_other(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=8)
    pjm.script("echo $PJM_JOBID\n")

    with ProcessPoolExecutor(6, multiprocessing.get_context("fork")) as clients:
        ids = [job for found in clients.map(functools.partial(_client, pjm), range(6)) for job in found]

    assert 18 == len(set(ids))
    assert ids == [pjm.read(job).strip() for job in ids]
    assert 18 == len(emulator.calls(pjm.folder, "pjsub"))


def test_the_daemon_goes_when_there_is_nothing_to_do_or_its_folder_is_gone(
    making: Callable[..., Emulated],
) -> None:
    pjm = making(idle=0.1)
    pjm.ended(pjm.submit("true"))
    first = pjm.daemon()
    until(lambda: not alive(first))

    job = pjm.submit("sleep 600")
    pjm.wait_for(job, "RUN")
    second = pjm.daemon()
    script = pjm.folder / "runs" / f"{job}.0"
    mine = pjm.runner(job)
    pjm.folder.rename(pjm.folder.with_name("gone"))
    until(lambda: not alive(second) and not alive(mine))
    assert not script.exists()
    pjm.folder.with_name("gone").rename(pjm.folder)


def test_as_many_jobs_run_at_once_as_there_are_nodes(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=3)
    job = pjm.submit(WAIT, "--bulk", "--sparam", "1-6")
    until(lambda: 3 == list(pjm.states().values()).count("RUN") - 1)
    time.sleep(0.1)

    assert ["RUN"] * 4 + ["QUE"] * 3 == list(pjm.states().values())
    pjm.go()
    assert "EXT" == pjm.ended(job)[0].st


def test_a_job_of_more_nodes_than_there_are_runs_alone(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=2)
    first = pjm.submit(WAIT, "-L", "node=12")
    second = pjm.submit("true")
    pjm.wait_for(first, "RUN")
    pjm.wait_for(second, "QUE")

    assert ["QUE"] == [row["ST"] for row in pjm.rows("--choose=jid,st", second)]
    pjm.go()
    assert ["EXT", "EXT"] == [row.st for row in pjm.ended(first, second)]


def test_priority_and_a_later_start(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=1)
    first = pjm.submit(WAIT)
    pjm.wait_for(first, "RUN")
    low, high = pjm.submit("echo low >> order", "-p", "1"), pjm.submit("echo high >> order", "-p", "200")
    later = pjm.submit("true", "--at", "20990101")
    for job in (low, high, later):
        pjm.wait_for(job, "QUE")
    pjm.go()
    pjm.ended(first, low, high)

    assert "high\nlow\n" == pjm.read("order")
    assert "(01/01 00:00)@" == pjm.rows("--choose=sdt", later)[0]["START_DATE"]
