"""pjsub: what it takes, what it refuses, and in which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable, List

import pytest

from pjm import emulator
from tests.builders.emulated import Emulated


def test_it_answers_with_the_id(pjm: Emulated) -> None:
    pjm.script("true\n")

    ended = pjm.command("pjsub", "job.sh")

    assert (0, "[INFO] PJM 0000 pjsub Job 48000001 submitted.\n", "") == (ended.code, ended.out, ended.err)


def test_it_prints_only_the_id_or_nothing_when_asked(pjm: Emulated) -> None:
    pjm.script("#PJM -z jid\ntrue\n")

    assert "48000001\n" == pjm.command("pjsub", "job.sh").out
    assert "" == pjm.command("pjsub", "-z", "job.sh").out


def test_the_script_is_taken_when_it_is_submitted(pjm: Emulated) -> None:
    job = pjm.submit("echo then", "-o", "out")
    pjm.script("echo now")
    (pjm.work / "job.sh").unlink()

    pjm.ended(job)

    assert "then\n" == pjm.read("out")


def test_a_script_may_come_from_standard_input(pjm: Emulated) -> None:
    ended = pjm.command("pjsub", "-z", "jid", stdin="#PJM -x A=1\necho $A\n")
    pjm.ended(ended.out.strip())

    assert "1\n" == pjm.read(f"STDIN.{ended.out.strip()}.out")


def test_options_may_follow_the_script(pjm: Emulated) -> None:
    pjm.script("echo here\n")
    ended = pjm.command("pjsub", "job.sh", "-o", "there", "-z", "jid")
    pjm.ended(ended.out.strip())

    assert "here\n" == pjm.read("there")


SHOW = 'printf "%s|" "$PJM_NODE" "$PJM_ELAPSE_LIMIT" "$PJM_JOBNAME" "$A" "$B"\n'


def shown(pjm: Emulated, script: str, *options: str) -> str:
    """What a job's environment says of its resources."""
    job = pjm.submit(f"#!/bin/sh\n{script}{SHOW}", *options, "-o", "shown")
    pjm.ended(job)
    return pjm.read("shown")


def test_directives_end_with_the_first_command(pjm: Emulated) -> None:
    script = '\n#PJM -L "node=2" # two\n\n# PJM -L node=3\n#PJM --vset S=70\n#PJM -L elapse=${S}\n:\n#PJM -N late\n'

    assert "2|70|job.sh|||" == shown(pjm, script)


def test_the_command_line_beats_the_script_key_by_key(pjm: Emulated) -> None:
    script = "#PJM -L node=2,elapse=70 -N script -x A=script,B=script\n"

    assert "2|90|line|line|script|" == shown(pjm, script, "-L", "elapse=0:01:30", "-N", "line", "-x", "A=line")


HINT = "Try `pjsub --help` for more information.\n"


def refusal(pjm: Emulated, *words: object, script: str = "") -> str:
    """What pjsub says to a submission that it does not take."""
    ended = pjm.command("pjsub", *words, pjm.script(f"#!/bin/sh\n{script}").name)
    assert (1, "") == (ended.code, ended.out)
    assert [] == emulator.jobs(pjm.folder)
    return ended.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--foo"], f"0001 pjsub Unknown option or no option argument: --foo.\n{HINT}"),
        (["-h"], f"0001 pjsub Unknown option or no option argument: -h.\n{HINT}"),
        (["--version"], f"0001 pjsub Unknown option or no option argument: --version.\n{HINT}"),
        (["--bulk", "--step"], f"0002 pjsub Invalid combination: '--bulk' and '--step'.\n{HINT}"),
        (["-s", "-S"], f"0002 pjsub Invalid combination: '-s' and '-S'.\n{HINT}"),
        (["-L", "node=2:mesh:strict"], f"0002 pjsub Invalid combination: 'strict' and 'mesh'.\n{HINT}"),
        (["-L", "elapse=1x"], "0004 pjsub Invalid option argument: -L elapse=1x.\n"),
        (["-L", "node=0"], "0004 pjsub Invalid option argument: -L node=0.\n"),
        (["-N", "1st"], "0004 pjsub Invalid option argument: -N 1st.\n"),
        (["-N", "a/b"], "0004 pjsub Invalid option argument: -N a/b.\n"),
        (["-N", "n" * 64], f"0004 pjsub Invalid option argument: -N {'n' * 64}.\n"),
        (["-x", "A=1,B"], "0004 pjsub Invalid option argument: -x B.\n"),
        (["--bulk", "--sparam", "0-0"], "0004 pjsub Invalid option argument: --sparam 0-0.\n"),
        (["--step", "--sparam", "sd=xx==1"], "0004 pjsub Invalid option argument: --sparam sd=xx==1.\n"),
        (["--step", "--sparam", "jid=7"], "0012 pjsub Job 7 does not exist.\n"),
        (["other.sh"], f"0023 pjsub Multiple script files specified.\n{HINT}"),
        (["-x", "PJM_LLIO_GFSCACHE=/home"], "0045 pjsub /home isn't on the global file system.\n"),
        (["-L", "elapse=59"], "0054 pjsub elapse=59 is less than the lower limit (60).\n"),
        (["-L", "rscgrp=large,node=1"], "0054 pjsub node=1 is less than the lower limit (385).\n"),
        (["-L", "node=385"], "0057 pjsub node=385 is greater than the upper limit (384).\n"),
        (["-L", "elapse=73:00:00"], "0057 pjsub elapse=262800 is greater than the upper limit (259200).\n"),
        (["-L", "rscgrp=tiny"], "0058 pjsub rscgrp=tiny does not exist.\n"),
        (["-L", "rscunit=rscunit_x"], "0058 pjsub rscunit=rscunit_x does not exist.\n"),
        (["-L", "rscgrp=middle"], "0059 pjsub rscgrp=middle is disabled.\n"),
        (["--step", "--sparam", "sn=65535"], "0060 pjsub Step number overflowed.\n"),
        (["--interact"], "0089 pjsub Not supported: --interact (emulator).\n"),
    ],
)
def test_what_is_refused_and_in_which_words(asked: Emulated, words: List[str], message: str) -> None:
    assert f"[ERR.] PJM {message}" == refusal(asked, *words)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            '#PJM -N "a\n',
            "0008 pjsub Option arguments must be enclosed in quotation mark.\nScript file job.sh line 2.\n",
        ),
        ("#PJM -N a b\n", "0009 pjsub Invalid argument: b.\n"),
        (f"#PJM -N {'n' * 4096}\n", "0025 pjsub Line length too long.\nScript file job.sh line 2.\n"),
        (
            "#PJM --no-check-gfscache\n",
            f"0001 pjsub Unknown option or no option argument: --no-check-gfscache.\n{HINT}",
        ),
    ],
)
def test_what_is_refused_in_a_script(asked: Emulated, script: str, message: str) -> None:
    assert f"[ERR.] PJM {message}" == refusal(asked, script=script)


def test_a_script_that_is_not_there(pjm: Emulated) -> None:
    ended = pjm.command("pjsub", "nowhere.sh")

    assert (1, "[ERR.] PJM 0020 pjsub File open failed: nowhere.sh (2).\n") == (ended.code, ended.err)


def test_a_group_must_be_named_where_the_site_wants_it(making: Callable[..., Emulated]) -> None:
    pjm = making(require_group=True)

    assert "[ERR.] PJM 0071 pjsub Group not authorized to submit a job: group(59999)\n" == refusal(pjm)
    assert pjm.submit("true", "-g", "hp000000")


def test_the_wrapper_refuses_without_a_number(making: Callable[..., Emulated]) -> None:
    assert refusal(making(check_gfscache=True)).startswith("If you use Spack, set PJM_LLIO_GFSCACHE to /vol0004.(ex.")
    assert refusal(making(check_gfscache=False, check_directory="/vol0003/")).startswith(
        "The current directory is not a data area."
    )


def test_a_wrong_setting_is_said_and_nothing_is_submitted(pjm: Emulated) -> None:
    (pjm.folder / "emulator.json").write_text(json.dumps({"nodse": 3}), encoding="utf-8")

    ended = pjm.command("pjsub", pjm.script("true").name)

    assert 2 == ended.code
    assert "unknown setting 'nodse'" in ended.err


def test_an_emulator_that_is_gone_is_missed(pjm: Emulated, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    pjm.folder.rename(moved)

    ended = pjm.command(moved / "bin" / "pjsub", pjm.script("true").name)

    moved.rename(pjm.folder)
    assert 2 == ended.code
    assert "there is no emulator in" in ended.err


def test_variables_of_the_command_line_fill_in_directives(pjm: Emulated) -> None:
    script = '#PJM --vset "V=script,W=script"\n#PJM -x A=${V} -x B=${W}\necho $A $B\n'

    job = pjm.submit(script, "--vset", "V=line", "-o", "shown")
    pjm.ended(job)

    assert "line script\n" == pjm.read("shown")
