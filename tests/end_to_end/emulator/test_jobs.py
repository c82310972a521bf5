"""Jobs: what they find, how they end, and how they follow each other."""

from __future__ import annotations

import os
import time
from typing import Callable, Dict

import pytest

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated, is_gone, until


def variables(text: str) -> Dict[str, str]:
    """What `env` printed."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_a_job_has_its_own_environment_and_not_its_submitters(pjm: Emulated) -> None:
    job = pjm.submit(
        "env\n", "-N", "named", "-L", "node=2x3,elapse=90", "-x", "MINE=a b,PJM_JOBID=0", env={"SECRET": "1"}
    )
    pjm.ended(job)

    found = variables(pjm.read(f"named.{job}.out"))
    assert "SECRET" not in found
    assert "PJM_EMULATOR" not in found
    expected = {
        "MINE": "a b",
        "PJM_JOBID": job,
        "PJM_SUBJOBID": job,
        "PJM_JOBNAME": "named",
        "PJM_ENVIRONMENT": "BATCH",
        "PJM_O_WORKDIR": str(pjm.work),
        "PJM_JOBDIR": str(pjm.work),
        "PJM_O_HOME": os.environ["HOME"],
        "PJM_RSCUNIT": "rscunit_ft01",
        "PJM_RSCGRP": "small",
        "PJM_NODE": "6",
        "PJM_NODE_X": "2",
        "PJM_NODE_Y": "3",
        "PJM_ELAPSE_LIMIT": "90",
        "PJM_ELAPSED_TIME_MODE": "fixed",
        "PJM_STDOUT_PATH": str(pjm.work / f"named.{job}.out"),
    }
    assert expected == {name: found.get(name) for name in expected}


def test_the_submitters_environment_comes_along_when_asked(pjm: Emulated) -> None:
    job = pjm.submit("env\n", "-X", env={"SECRET": "1", "LD_LIBRARY_PATH": "/nowhere"})
    pjm.ended(job)

    found = variables(pjm.read(f"job.sh.{job}.out"))
    assert "1" == found["SECRET"]
    assert "LD_LIBRARY_PATH" not in found


def test_sub_jobs_know_their_numbers_and_have_their_own_files(pjm: Emulated) -> None:
    bulk = pjm.submit("#!/bin/sh\necho $PJM_BULKNUM $PJM_SUBJOBID\n", "--bulk", "--sparam", "7-9")
    step = pjm.submit("#!/bin/sh\necho $PJM_STEPNUM $PJM_SUBJOBID\n", "--step", "--sparam", "sn=10")
    pjm.ended(bulk, step)

    assert [f"{number} {bulk}[{number}]\n" for number in (7, 8, 9)] == [
        pjm.read(f"job.sh.{bulk}[{number}].out") for number in (7, 8, 9)
    ]
    assert f"10 {step}\n" == pjm.read(f"job.sh.{step}.out")


def test_files_go_where_they_are_sent(pjm: Emulated) -> None:
    (pjm.work / "logs").mkdir()
    job = pjm.submit("echo out; echo err >&2\n", "-N", "n", "-o", "logs/%n.%j.o", "-e", "logs/%J%%.e")
    joined = pjm.submit("echo out; echo err >&2\n", "-j", "-o", "both")
    pjm.ended(job, joined)

    assert ("out\n", "err\n") == (pjm.read(f"logs/n.{job}.o"), pjm.read(f"logs/{job}%.e"))
    assert "out\nerr\n" == pjm.read("both")


def test_a_name_that_begins_with_a_digit_has_a_j_before_it_in_file_names(pjm: Emulated) -> None:
    job = pjm.submit("true", name="1st.sh")
    pjm.ended(job)

    assert (pjm.work / f"J1st.sh.{job}.out").exists()


def test_the_first_line_says_what_runs_the_script_and_it_needs_no_x_bit(pjm: Emulated) -> None:
    job = pjm.submit("#!/usr/bin/env python3\nprint(6 * 7)\n", "-o", "out")
    pjm.ended(job)

    assert "42\n" == pjm.read("out")


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


def test_nothing_of_a_job_survives_it(pjm: Emulated) -> None:
    # One in a session of its own, the other with an environment of its own.
    sleeper = "/bin/sh -c 'echo $$ > {0}; exec sleep 600' &\n"
    job = pjm.submit("setsid " + sleeper.format("one") + "env -i " + sleeper.format("two") + WAIT)
    processes = [pjm.written(name).strip() for name in ("one", "two")]
    assert not any(map(is_gone, processes))
    pjm.go()
    pjm.ended(job)

    until(lambda: all(map(is_gone, processes)))


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


def test_steps_run_one_after_the_other_in_the_order_of_their_numbers(pjm: Emulated) -> None:
    for name in ("a.sh", "b.sh", "c.sh"):
        pjm.script(f"echo {name} >> ran; sleep 0.1\n", name)

    ended = pjm.command("pjsub", "--step", "a.sh,b.sh", "c.sh")

    said = "[INFO] PJM 0000 pjsub Job 48000001_{} submitted.\n"
    assert "".join(said.format(number) for number in range(3)) == ended.out
    pjm.ended("48000001")
    assert "a.sh\nb.sh\nc.sh\n" == pjm.read("ran")


def test_steps_are_appended_by_name_and_by_id(pjm: Emulated) -> None:
    first = pjm.submit(WAIT, "--step", "--sparam", "jnam=chain")
    second = pjm.submit("true", "--step", "--sparam", "jnam=chain", "-N", "ignored")
    third = pjm.submit("true", "--step", "--sparam", f"jid={first[:-2]},sn=7")

    assert ["48000001_0", "48000001_1", "48000001_7"] == [first, second, third]
    assert ["chain", "chain"] == [job.name for job in emulator.jobs(pjm.folder)][:2]
    pjm.go()
    pjm.ended("48000001")
    ended = pjm.command("pjsub", "--step", "--sparam", "jid=48000001", "job.sh")
    assert (1, "[ERR.] PJM 0012 pjsub Job 48000001 does not exist.\n") == (ended.code, ended.err)


@pytest.mark.parametrize(
    ("dependencies", "endings"),
    [
        (["", "sd=ec==1,3", "", ""], "EXT CCL EXT EXT"),
        (["", "sd=ec==1,2", "", ""], "EXT EXT EXT EXT"),
        (["", "sd=ec!=0:one", "sd=pc!=0:one:1", "sd=ec>3"], "EXT CCL CCL EXT"),
        (["", "sd=ec>=3:after", "sd=ec==9:one:1", "sd=ec==9:one:0"], "EXT CCL CCL EXT"),
        (["", "sd=ec>0:all", "", ""], "EXT CCL CCL CCL"),
        (["", "", "sd=ec!=0", "sd=ec!=0:one:0:1"], "EXT EXT EXT CCL"),
        (["", "sd=NONE", "sd=ec<3,sd=pc!=0:one:0", "sd=ec<=3:one:0"], "EXT EXT CCL CCL"),
    ],
)
def test_a_step_is_removed_when_its_dependency_is_true(pjm: Emulated, dependencies: list[str], endings: str) -> None:
    for number, dependency in enumerate(dependencies):
        sparam = ",".join(part for part in ("jnam=chain", dependency) if part)
        pjm.submit(f"{WAIT}exit 3" if not number else "exit 0", "--step", "--sparam", sparam)
    pjm.go()

    found = pjm.ended(*[f"48000001_{number}" for number in range(4)])

    assert endings == " ".join(row.st for row in found)
    assert {6} >= {row.pc for row in found if row.st == "CCL"}


def test_a_wrong_script_among_several_submits_none_and_a_limit_those_before_it(pjm: Emulated) -> None:
    pjm.script(WAIT, "good.sh")
    pjm.script('#PJM -N "', "wrong.sh")
    pjm.script("#PJM -L node=999", "large.sh")

    assert "" == pjm.command("pjsub", "--step", "good.sh,wrong.sh").out
    ended = pjm.command("pjsub", "--step", "good.sh,large.sh,good.sh")

    assert "[INFO] PJM 0000 pjsub Job 48000001_0 submitted.\n" == ended.out
    assert "[ERR.] PJM 0057 pjsub node=999 is greater than the upper limit (384).\n" == ended.err


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


def test_only_the_held_are_released_and_only_the_living_deleted(pjm: Emulated) -> None:
    job = pjm.submit(WAIT)
    assert f"[ERR.] PJM 0413 pjrls Job {job} status is not hold.\n" == pjm.command("pjrls", job).err
    pjm.command("pjdel", job)
    pjm.ended(job)

    assert f"[ERR.] PJM 0112 pjdel Job {job} does not exist.\n" == pjm.command("pjdel", job).err
    assert "[ERR.] PJM 0111 pjdel Invalid jobid: x.\n" == pjm.command("pjdel", "x").err
    assert "[ERR.] PJM 0110 pjdel No jobid(s) specified.\n" == pjm.command("pjdel").err


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


def test_a_job_that_is_being_accepted_is_rejected_by_deletion(making: Callable[..., Emulated]) -> None:
    pjm = making(accept=600)
    job = pjm.submit("true")
    pjm.command("pjdel", job)

    assert "RJT 0 2 0" == pjm.ended(job)[0].codes


def test_pjwait_waits_and_says_how_jobs_ended(pjm: Emulated) -> None:
    good = pjm.submit("sleep 0.2")
    bad = pjm.submit("exit 1")
    step = pjm.submit("true", "--step")[:-2]
    long = pjm.submit(WAIT)

    ended = pjm.command("pjwait", good, bad, step, "99")

    assert [f"{good} 0 0 0", f"{bad} 0 1 0", f"{step} - - -", f"{step}_0 0 0 0"] == ended.out.splitlines()
    assert f"{long} X - -\n" == pjm.command("pjwait", "-w", "waitnone", long).out
    assert [f"{good} 0 0 0", f"{long} X - -"] == pjm.command("pjwait", "-w", "waitany", good, long).out.splitlines()


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
