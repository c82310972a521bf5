"""How scripts end."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Callable, Dict

import pytest

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated, Row


def ended(pjm: Emulated, script: str = WAIT, *options: str) -> Row:
    """How a job ends."""
    return pjm.ended(pjm.submit(script, *options))[0]


def summed(row: Row) -> str:
    """State, EC, PC, SN and reason."""
    return f"{row.codes} {row.reason or '-'}"


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
def test_ways_to_end(making: Callable[..., Emulated], fault: Dict[str, object], expected: str) -> None:
    assert expected == summed(ended(making(faults=[fault]), WAIT, "--norestart"))


def test_what_pjm_says_of_an_end_is_in_the_standard_error(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "preempt", "after": 0.05}])
    job = pjm.submit(WAIT)
    pjm.ended(job)

    assert "[ERR.] PJM 7001" in pjm.read(f"job.sh.{job}.err")


def test_a_node_goes_down_and_the_job_restarts(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "node-down", "file": "begun"}])
    job = pjm.submit("echo try; > begun; test $(grep -c try here) = 2 || sleep 600", "-o", "here")

    assert "EXT 0 0 0 -" == summed(pjm.ended(job)[0])
    assert "try\n[INFO] PLE 1700 The job restarts.\ntry\n" == pjm.read("here")
    assert [2] == [each.starts for each in emulator.jobs(pjm.folder)]


def test_a_fault_waits_for_a_file(making: Callable[..., Emulated]) -> None:
    pjm = making(faults=[{"fault": "kill", "file": "begun-%j"}])

    job = pjm.submit(f"echo > up\n{WAIT}> begun-$PJM_JOBID\nsleep 60")
    pjm.written("up")
    time.sleep(0.15)  # three times as long as between two looks for files

    assert "RUN" == pjm.states()[job]
    pjm.go()
    assert ["EXT 0 0 9"] == [row.codes for row in pjm.ended(job)]


def test_a_script_that_no_shell_can_run_ends_and_lets_others_run(pjm: Emulated) -> None:
    (pjm.work / "odd.sh").write_bytes(b"#!/bin/sh\0\ntrue\n")
    odd = pjm.command("pjsub", "-z", "jid", "odd.sh").out.strip()
    fine = pjm.submit("true")

    assert ["EXT 0 21 0", "EXT 0 0 0"] == [row.codes for row in pjm.ended(odd, fine)]
    assert "PJM 7009" in pjm.read(f"odd.sh.{odd}.err")


# Signals 32 and 33: no program can set them, and glibc's posix_spawn, which Python 3.13 uses, ignores them in children.
OF_THE_C_LIBRARY = 0b11 << 31


def test_a_job_has_nothing_of_the_process_that_woke_the_daemon(pjm: Emulated) -> None:
    script = pjm.script("umask; ulimit -c; grep -E '^Sig(Ign|Blk)' /proc/self/status\n")
    variables = {**os.environ, **pjm.variables}
    # In the background of a shell without job control, Ctrl-C and Ctrl-\ are ignored.
    line = f"umask 0077; trap '' INT QUIT TERM HUP; pjstat; umask 0027; pjsub -z jid {script.name}"

    shell = subprocess.run(
        ["/bin/sh", "-c", line], cwd=str(pjm.work), env=variables, stdout=subprocess.PIPE, text=True, check=True
    )
    job = shell.stdout.strip()
    pjm.ended(job)

    umask, core, *masks = pjm.read(f"job.sh.{job}.out").splitlines()
    signals = {name: int(mask, 16) & ~OF_THE_C_LIBRARY for name, mask in (line.split(":") for line in masks)}
    assert ("0027", "0", {"SigBlk": 0, "SigIgn": 0}) == (umask, core, signals)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 0", "EXT 0 0 0"),
        ("exit 3", "EXT 3 0 0"),
        ("no-such-command", "EXT 127 0 0"),
        ("kill -SEGV $$", "EXT 0 0 11"),
        ("#!/no/such/shell\ntrue", "EXT 0 21 0"),
    ],
)
def test_how_a_script_ends_is_told(pjm: Emulated, script: str, expected: str) -> None:
    assert expected == pjm.ended(pjm.submit(script))[0].codes


def test_a_working_directory_that_is_gone_ends_the_job(making: Callable[..., Emulated]) -> None:
    pjm = making(nodes=1)
    pjm.submit(WAIT)
    inner = pjm.work / "inner"
    inner.mkdir()
    (inner / "job.sh").write_text("true")
    job = pjm.command("pjsub", "-z", "jid", "job.sh", cwd=inner).out.strip()
    (inner / "job.sh").unlink()
    inner.rmdir()
    pjm.go()

    (row,) = pjm.ended(job)

    assert ("EXT 0 16 0", "NO CURRENT DIR") == (row.codes, row.reason)


def test_the_elapse_limit_is_sigxcpu(making: Callable[..., Emulated]) -> None:
    pjm = making(second=0.003)
    job = pjm.submit("sleep 60 & sleep 60\n", "-s")

    (row,) = pjm.ended(job)

    assert ("EXT 0 11 24", "ELAPSE LIMIT EXCEEDED", "RNO") == (row.codes, row.reason, row.lst)
    assert f"[ERR.] PJM 7004 Job {job} was canceled. The job exceeded its elapse time limit." in pjm.read(
        f"job.sh.{job}.err"
    )
    statistics = pjm.read(f"job.sh.{job}.stats")
    assert " PJM CODE                  : 11\n" in statistics
    assert " ELAPSE TIME (LIMIT)       : 00:01:00 (60) <DEFAULT>\n" in statistics


def test_whoever_catches_sigxcpu_is_killed_ten_seconds_later(making: Callable[..., Emulated]) -> None:
    # The limit comes when they have said what they do then; the one that leaves may take its time to.
    pjm = making(second=1, kill_after=600, faults=[{"fault": "elapse", "file": "begun-%n"}])
    script = "#!/bin/bash\ntrap {} XCPU\n> begun-$PJM_JOBNAME\nwhile true; do sleep 0.05; done\n"
    tidy = pjm.submit(script.format("'echo caught; exit 5'"), "-N", "tidy", "-o", "tidy")
    stubborn = pjm.submit(script.format("''"), "-N", "stubborn", env={"PJM_EMULATOR_KILL_AFTER": "0.3"})

    found = {row.id: row.codes for row in pjm.ended(tidy, stubborn)}

    assert {tidy: "EXT 5 11 0", stubborn: "EXT 0 11 9"} == found
    assert "caught\n" == pjm.read("tidy")
    assert 0.3 <= pjm.ran_for(stubborn)
