"""Limits of acceptance, and steps that are appended to a job."""

from __future__ import annotations

from typing import Callable

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated


def test_limits_of_acceptance_are_those_of_the_group(making: Callable[..., Emulated]) -> None:
    pjm = making(accept_jobs=2, accept_bulk=3, accept_step=1)
    full = "[ERR.] PJM 0072 pjsub Job exceeded the accept limit: ru-accept"
    pjm.script(WAIT)

    assert f"{full}-bulksubjob.\n" == pjm.command("pjsub", "--bulk", "--sparam", "1-4", "job.sh").err
    pjm.submit(WAIT, "--bulk", "--sparam", "1-3")
    assert f"{full}-bulksubjob.\n" == pjm.command("pjsub", "--bulk", "--sparam", "1-2", "job.sh").err
    pjm.submit(WAIT, "--step")
    assert f"{full}.\n" == pjm.command("pjsub", "job.sh").err
    assert f"{full}-stepsubjob.\n" == pjm.command("pjsub", "--step", "--sparam", "jid=48000002", "job.sh").err
    # What was refused has used no id up but its own.
    assert ["48000001[1]", "48000001[2]", "48000001[3]", "48000002_0"] == [job.id for job in emulator.jobs(pjm.folder)]


def test_a_step_that_is_appended_to_a_held_job_is_no_further_job(making: Callable[..., Emulated]) -> None:
    pjm = making(accept_jobs=1)
    step = pjm.submit(WAIT, "--step")
    pjm.wait_for(step, "RUN")
    pjm.command("pjhold", step)
    pjm.wait_for(step, "HLD")

    appended = pjm.command("pjsub", "--step", "--sparam", f"jid={step[:-2]}", "job.sh")

    assert (0, "") == (appended.code, appended.err)


def test_steps_are_appended_by_name_and_by_id(pjm: Emulated) -> None:
    first = pjm.submit(WAIT, "--step", "--sparam", "jnam=chain")
    second = pjm.submit("true", "--step", "--sparam", "jnam=chain", "-N", "ignored")
    third = pjm.submit("true", "--step", "--sparam", f"jid={first[:-2]},sn=7,sd=ec==1,3,sd=pc!=0")

    assert ["48000001_0", "48000001_1", "48000001_7"] == [first, second, third]
    assert ["ec==1,3", "pc!=0"] == pjm.job(third).spec["needs"]
    assert ["chain", "chain"] == [job.name for job in emulator.jobs(pjm.folder)][:2]
    pjm.go()
    pjm.ended("48000001")
    ended = pjm.command("pjsub", "--step", "--sparam", "jid=48000001", "job.sh")
    assert (1, "[ERR.] PJM 0012 pjsub Job 48000001 does not exist.\n") == (ended.code, ended.err)


def test_a_wrong_script_among_several_submits_none_and_a_limit_those_before_it(pjm: Emulated) -> None:
    pjm.script(WAIT, "good.sh")
    pjm.script('#PJM -N "', "wrong.sh")
    pjm.script("#PJM -L node=999", "large.sh")

    assert "" == pjm.command("pjsub", "--step", "good.sh,wrong.sh").out
    ended = pjm.command("pjsub", "--step", "good.sh,large.sh,good.sh")

    assert "[INFO] PJM 0000 pjsub Job 48000001_0 submitted.\n" == ended.out
    assert "[ERR.] PJM 0057 pjsub node=999 is greater than the upper limit (384).\n" == ended.err
