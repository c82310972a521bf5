"""Faults on demand: each does what it is called, where and as often as it was asked for."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path
from typing import Callable, Dict

import pytest

from pjm import emulator
from pjm.emulator.machine.messages import ACCEPTANCE
from pjm.errors import BadInput
from tests.builders.emulated import WAIT, Emulated, Row, until

Making = Callable[..., Emulated]


def one(making: Making, fault: str, **parameters: object) -> Emulated:
    """An emulator with one fault."""
    return making(faults=[{"fault": fault, **parameters}])


def ended(pjm: Emulated, script: str = WAIT, *options: str) -> Row:
    """How a job ends."""
    return pjm.ended(pjm.submit(script, *options))[0]


def summed(row: Row) -> str:
    """State, EC, PC, SN and reason."""
    return f"{row.codes} {row.reason or '-'}"


@pytest.mark.parametrize(
    ("fault", "command", "message"),
    [
        ("0090", "pjsub", "0090 pjsub PJM daemon is not present."),
        ("0091", "pjsub", "0091 pjsub Internal error: emulated."),
        ("0072", "pjsub", "0072 pjsub Job exceeded the accept limit: ru-accept."),
        ("0079", "pjsub", "0079 pjsub group is not active (ACC->QUE)."),
        ("0290", "pjstat", "0290 pjstat PJM daemon is not present."),
        ("0291", "pjstat", "0291 pjstat Internal error: emulated."),
        ("0190", "pjdel", "0190 pjdel PJM daemon is not present."),
    ],
)
def test_any_message(making: Making, fault: str, command: str, message: str) -> None:
    pjm = one(making, fault, times=1)
    pjm.script("true")
    word = "job.sh" if command == "pjsub" else "48000001"

    answer = pjm.command(command, word)

    assert (1, "", f"[ERR.] PJM {message}\n") == (answer.code, answer.out, answer.err)
    assert f"PJM {fault}" not in pjm.command(command, word).err
    assert [(fault,), ()] == [call.faults for call in emulator.calls(pjm.folder)]


def test_every_reason_of_the_acceptance_check(pjm: Emulated) -> None:
    pjm.script("true")

    for reason, text in ACCEPTANCE.items():
        answer = pjm.command("pjsub", "job.sh", env={"PJM_EMULATOR_FAULTS": json.dumps([{"fault": reason}])})
        assert (1, f"[ERR.] PJM 0079 pjsub {text}.\n") == (answer.code, answer.err)
    assert [] == emulator.jobs(pjm.folder)


def test_every_third_call_and_not_the_first_two(making: Making) -> None:
    pjm = making(faults=[{"fault": "0290", "every": 3, "skip": 1}, {"fault": "0090", "skip": 1, "times": 1}])
    pjm.script("true")

    assert [0, 0, 0, 1, 0, 0, 1] == [pjm.command("pjstat").code for _ in range(7)]
    assert [0, 1, 0] == [pjm.command("pjsub", "job.sh").code for _ in range(3)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"fault": "lost-answer"}, 0), ({"fault": "lost-answer", "exit": 1}, 1), ({"fault": "killed"}, -9)],
)
def test_an_answer_is_lost_and_the_job_is_not(making: Making, fault: Dict[str, object], code: int) -> None:
    pjm = making(faults=[fault])
    pjm.script("true")

    answer = pjm.command("pjsub", "-N", "unique", "job.sh")

    assert (code, "") == (answer.code, answer.out)
    assert ["unique"] == [job.name for job in emulator.jobs(pjm.folder)]
    assert [None if code < 0 else code] == [call.exit for call in emulator.calls(pjm.folder)]


def test_delays_before_and_after_the_work(making: Making) -> None:
    pjm = making(faults=[{"fault": "delay", "seconds": 0.4, "command": "pjstat"}])
    begun = time.monotonic()
    pjm.command("pjstat")

    assert 0.4 <= time.monotonic() - begun


def test_noise_before_the_answer_and_an_answer_cut_short(making: Making) -> None:
    pjm = making(
        faults=[
            {"fault": "banner", "text": "Maintenance on Monday", "command": "*"},
            {"fault": "loading"},
            {"fault": "cut-output", "keep": 6, "skip": 1, "times": 1},
            {"fault": "no-table", "header": True, "skip": 2, "times": 1},
            {"fault": "no-table", "skip": 3},
        ]
    )
    job = pjm.command("pjsub", pjm.script(WAIT).name).out
    noise = "Maintenance on Monday\n[INFO] PJM 0281 pjstat Data loading...\n"

    assert "Maintenance on Monday\n[INFO] PJM 0000 pjsub Job 48000001 submitted.\n" == job
    answers = [pjm.command("pjstat", "--choose=jid").out for _ in range(4)]
    assert [f"{noise}JOB_ID    \n48000001  \n", f"{noise}JOB_ID", f"{noise}JOB_ID    \n", noise] == answers


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "reject", "reason": "RSCGRP STOP"}, "RJT 0 2 0 RSCGRP STOP"),
        ({"fault": "preempt"}, "CCL 0 18 15 ANOTHER JOB STARTED"),
        ({"fault": "out-of-memory"}, "EXT 0 12 9 LIMIT OVER MEMORY"),
        ({"fault": "out-of-memory", "pc": 23}, "EXT 0 23 9 LIMIT OVER MEMORY"),
        ({"fault": "elapse"}, "EXT 0 11 24 ELAPSE LIMIT EXCEEDED"),
        ({"fault": "kill", "signal": 11}, "EXT 0 0 11 -"),
        ({"fault": "node-down", "attempts": 9}, "EXT 0 20 9 LOST COMM"),
        ({"fault": "end", "pc": 21}, "EXT 0 21 0 -"),
        ({"fault": "end", "pc": 140, "st": "CCL", "reason": "INTERNAL ERROR"}, "CCL 0 140 0 INTERNAL ERROR"),
    ],
    ids=str,
)
def test_ways_to_end(making: Making, fault: Dict[str, object], expected: str) -> None:
    assert expected == summed(ended(making(faults=[fault]), WAIT, "--norestart"))


def test_what_pjm_says_of_an_end_is_in_the_standard_error(making: Making) -> None:
    pjm = one(making, "preempt", after=0.05)
    job = pjm.submit(WAIT)
    pjm.ended(job)

    assert "[ERR.] PJM 7001" in pjm.read(f"job.sh.{job}.err")


def test_a_node_goes_down_and_the_job_restarts(making: Making) -> None:
    pjm = one(making, "node-down", file="begun")
    job = pjm.submit("echo try; > begun; test $(grep -c try here) = 2 || sleep 600", "-o", "here")

    assert "EXT 0 0 0 -" == summed(pjm.ended(job)[0])
    assert "try\n[INFO] PLE 1700 The job restarts.\ntry\n" == pjm.read("here")
    assert [2] == [each.starts for each in emulator.jobs(pjm.folder)]


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ({"fault": "gate-check"}, "ERR", "GATE CHECK"),
        ({"fault": "hold", "reason": "root:maintenance"}, "HLD", "root:maintenance"),
        ({"fault": "stuck", "reason": "INSUFF NODE"}, "QUE", "INSUFF NODE"),
    ],
)
def test_jobs_that_get_stuck_until_they_are_deleted(
    making: Making, fault: Dict[str, object], state: str, reason: str
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
def test_a_job_vanishes_from_both_views(making: Making, when: str) -> None:
    pjm = one(making, "vanish", when=when)
    job = pjm.submit("echo ran; test $PJM_JOBNAME = quick || sleep 600", "-N", "quick" if when == "ended" else "slow")

    until(lambda: not pjm.rows(job) and not pjm.rows("-H", job))
    time.sleep(0.1)
    assert [] == pjm.rows(job) + pjm.rows("-H", job)
    assert when == "running" or (when == "ended") == (pjm.work / f"quick.{job}.out").exists()


def test_a_vanished_sub_job_leaves_the_others(making: Making) -> None:
    pjm = one(making, "vanish", part=2)
    job = pjm.submit("test $PJM_BULKNUM != 2 || sleep 600", "--bulk", "--sparam", "1-3")

    assert ["EXT"] * 3 == [row.st for row in pjm.ended(job, f"{job}[1]", f"{job}[3]")]
    assert [] == pjm.rows("-H", "-E", f"{job}[2]")


def test_late_and_for_a_while_in_no_view(making: Making) -> None:
    pjm = making(
        faults=[{"fault": "late", "seconds": 600, "job": "late"}, {"fault": "gap", "seconds": 600, "job": "gap"}]
    )
    late, gap = pjm.submit(WAIT, "-N", "late"), pjm.submit("true", "-N", "gap")
    pjm.command("pjwait", gap)

    assert [] == pjm.rows(late) + pjm.rows(gap) + pjm.rows("-H", gap)


def test_a_bulk_job_runs_out_while_sub_jobs_of_it_wait(making: Making) -> None:
    pjm = making(nodes=1, faults=[{"fault": "parent-runout"}])
    job = pjm.submit("test $PJM_BULKNUM = 1 || sleep 600", "--bulk", "--sparam", "1-3")
    pjm.wait_for(job, "RNO")

    assert "QUE" == pjm.states()[f"{job}[3]"]


def test_running_out_takes_long(making: Making) -> None:
    pjm = one(making, "runout", seconds=0.5)

    job = pjm.submit("true")
    (row,) = pjm.ended(job)

    assert "RNO" == row.lst
    assert 0.5 <= pjm.ran_out_for(job)


def test_a_disk_is_full_for_what_is_written_from_some_byte_on(making: Making) -> None:
    pjm = one(making, "disk-full", bytes=1000)
    script = "#!/usr/bin/env python3\nfile = open('big', 'wb')\nfile.write(b'x' * 5000)\nfile.close()\n"
    row = ended(pjm, script)

    assert 1 == row.ec
    assert 1000 == (pjm.work / "big").stat().st_size


def test_a_disk_is_full_for_some_files(making: Making) -> None:
    pjm = one(making, "disk-full", files=["logs/%j.jsonl"])
    job = pjm.submit("echo x > logs/$PJM_JOBID.jsonl || exit 5")
    (row,) = pjm.ended(job)

    assert 5 == row.ec
    assert os.strerror(errno.ENOSPC) in pjm.read(f"job.sh.{job}.err")


def test_files_are_truncated_or_come_late(making: Making) -> None:
    pjm = making(
        faults=[
            {"fault": "truncate", "files": ["*.jsonl", "out"], "drop": 3},
            {"fault": "late-files", "files": ["late.txt"], "seconds": 0.1},
            {"fault": "late-files", "files": ["later.txt"], "seconds": 30},
        ]
    )
    job = pjm.submit("echo 123456; for file in a.jsonl late.txt later.txt; do echo 123456 > $file; done")
    pjm.ended(job)

    assert not (pjm.work / "later.txt").exists()
    assert ("1234", "1234") == (pjm.read("a.jsonl"), pjm.read(f"job.sh.{job}.out"))
    until((pjm.work / "late.txt").exists)
    assert "123456\n" == pjm.read("late.txt")


def test_faults_of_one_client_come_by_its_environment(pjm: Emulated, tmp_path: Path) -> None:
    faults = json.dumps([{"fault": "0290"}])
    (tmp_path / "mine.json").write_text(faults)

    assert [0, 1, 1] == [
        pjm.command("pjstat").code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": faults}).code,
        pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": str(tmp_path / "mine.json")}).code,
    ]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"fault": "nonsense"}, "no such fault"),
        ({"fault": "delay", "secnods": 1}, "it has no 'secnods'"),
        ({"fault": "delay", "seconds": "1"}, "seconds is '1'"),
        ({"times": 1}, "it does not say which fault"),
    ],
)
def test_a_wrong_rule_is_said_where_it_is_made_and_where_it_is_read(
    pjm: Emulated, rule: Dict[str, object], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        emulator.environment(pjm.folder, faults=[rule])
    answer = pjm.command("pjstat", env={"PJM_EMULATOR_FAULTS": json.dumps([rule])})

    assert 2 == answer.code
    assert why in answer.err


def test_a_fault_waits_for_a_file(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "kill", "file": "begun-%j"}])

    job = pjm.submit("sleep 0.6\n> begun-$PJM_JOBID\nsleep 60")

    assert ["EXT 0 0 9"] == [row.codes for row in pjm.ended(job)]
    assert (pjm.work / f"begun-{job}").exists()
