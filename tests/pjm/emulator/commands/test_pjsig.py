"""pjsig: signals to jobs that run, and to no others."""

from __future__ import annotations

from typing import List

import pytest

from tests.builders.emulated import Emulated

HINT = "Try `pjsig --help` for more information.\n"
TRAP = (
    "trap 'echo heard > heard-$PJM_SUBJOBID; exit 7' USR1\necho up > up-$PJM_SUBJOBID\nwhile :; do sleep 0.02; done\n"
)


def test_a_script_hears_the_signal_and_one_that_does_not_ends_by_it(pjm: Emulated) -> None:
    heard, killed = pjm.submit(TRAP), pjm.submit(TRAP)
    for job in (heard, killed):
        pjm.written(f"up-{job}")

    said = [pjm.command("pjsig", "-s", "SIGUSR1", heard), pjm.command("pjsig", "-s", 9, killed)]

    accepted = [(0, f"[INFO] PJM 0700 pjsig Accepted job {job}.\n", "") for job in (heard, killed)]
    assert accepted == [(each.code, each.out, each.err) for each in said]
    assert ["EXT 7 0 0", "EXT 0 0 9"] == [row.codes for row in pjm.ended(heard, killed)]
    assert "heard\n" == pjm.read(f"heard-{heard}")


def test_the_running_sub_jobs_of_a_job_hear_it(pjm: Emulated) -> None:
    job = pjm.submit(TRAP, "--bulk", "--sparam", "0-1")
    for number in (0, 1):
        pjm.written(f"up-{job}[{number}]")

    assert f"[INFO] PJM 0700 pjsig Accepted job {job}.\n" == pjm.command("pjsig", "-s", "usr1", job).out
    assert ["EXT 7 0 0"] * 2 == [row.codes for row in pjm.ended(f"{job}[0]", f"{job}[1]")]


def test_of_several_jobs_those_that_do_not_run_are_said(pjm: Emulated) -> None:
    ended, runs = pjm.submit("true"), pjm.submit(TRAP)
    pjm.written(f"up-{runs}")
    pjm.ended(ended)
    held = pjm.submit("true", env={"PJM_EMULATOR_FAULTS": '[{"fault": "hold"}]'})
    pjm.wait_for(held, "HLD")

    said = pjm.command("pjsig", "-s", "KILL", runs, held, ended, 7)

    assert (1, f"[INFO] PJM 0700 pjsig Accepted job {runs}.\n") == (said.code, said.out)
    assert [
        f"[ERR.] PJM 0713 pjsig Job {held} status is not running.",
        f"[ERR.] PJM 0712 pjsig Job {ended} does not exist.",
        "[ERR.] PJM 0712 pjsig Job 7 does not exist.",
    ] == said.err.splitlines()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1"], f"0702 pjsig No signal specified.\n{HINT}"),
        (["-s"], f"0701 pjsig Unknown option or no option argument: -s.\n{HINT}"),
        (["-s", "9"], f"0710 pjsig No jobid(s) specified.\n{HINT}"),
        (["-s", "0", "1"], "0704 pjsig Invalid option argument: -s 0.\n"),
        (["-s", "65", "1-3"], "0704 pjsig Invalid option argument: -s 65.\n"),
        (["-s", "SIGNONE", "1"], "0704 pjsig Invalid option argument: -s SIGNONE.\n"),
        # The blank before the colon is the manual's: Command Reference, page 64.
        (["-s", "9", "x"], "0711 pjsig Invalid jobid :x.\n"),
    ],
)
def test_what_is_refused(asked: Emulated, words: List[str], message: str) -> None:
    ended = asked.command("pjsig", *words)

    assert (1, "", f"[ERR.] PJM {message}") == (ended.code, ended.out, ended.err)
