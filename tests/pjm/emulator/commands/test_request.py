"""Which options pjsub refuses, and in which words."""

from __future__ import annotations

from typing import Callable, Dict, List

import pytest

from pjm import emulator
from tests.builders.emulated import Emulated

HINT = "Try `pjsub --help` for more information.\n"


REFUSALS: Dict[str, str] = {
    "--mpi procs=4": f"0003 pjsub Unknown option argument: --mpi procs=4.\n{HINT}",
    "--mpi proc=0": "0004 pjsub Invalid option argument: --mpi proc=0.\n",
    "--mpi proc=49": "0057 pjsub proc=49 is greater than the upper limit (48).\n",
    "--mpi proc=9,max-proc-per-node=4 -L node=2": (
        "0054 pjsub max-proc-per-node=4 is less than the lower limit (5).\n"
    ),
    "--mpi shape=2x2 -L node=4": "0004 pjsub Invalid option argument: --mpi shape=2x2.\n",
    "--mpi rank-map-bynode,rank-map-bychip": (
        f"0002 pjsub Invalid combination: 'rank-map-bynode' and 'rank-map-bychip'.\n{HINT}"
    ),
    "--mpi max-proc-per-node=2 -L vnode=2": (
        f"0002 pjsub Invalid combination: 'vnode' and 'max-proc-per-node'.\n{HINT}"
    ),
    "--llio stripes=2": f"0003 pjsub Unknown option argument: --llio stripes=2.\n{HINT}",
    "--llio async-close=yes": f"0003 pjsub Unknown option argument: --llio async-close=yes.\n{HINT}",
    "-L exepjrsh=2": "0057 pjsub exepjrsh=2 is greater than the upper limit (1).\n",
    "-L proc-crproc=4097": "0057 pjsub proc-crproc=4097 is greater than the upper limit (4096).\n",
    "-L proc-crproc=unlimited": "0057 pjsub proc-crproc=unlimited is greater than the upper limit (4096).\n",
    "-L proc-stack=5x": "0004 pjsub Invalid option argument: -L proc-stack=5x.\n",
    "-L proc-core=5Mi": "0004 pjsub Invalid option argument: -L proc-core=5Mi.\n",
    "-L proc-cpu=1x": "0004 pjsub Invalid option argument: -L proc-cpu=1x.\n",
    "-L proc-openfd=-1": "0004 pjsub Invalid option argument: -L proc-openfd=-1.\n",
    "-L freq=9999": ("0076 pjsub freq=9999 cannot be specified. The value must be specified as follows: 2000,2200\n"),
    "-L eco_state=7": "0076 pjsub eco_state=7 cannot be specified. The value must be specified as follows: 0,1,2\n",
    "-L retention_state=2": (
        "0076 pjsub retention_state=2 cannot be specified. The value must be specified as follows: 0,1\n"
    ),
    "-L rscqrp=x": f"0002 pjsub Invalid combination: '-L' and 'rscqrp=x'.\n{HINT}",
    "-L nnum_cret=x": "0004 pjsub Invalid option argument: -L nnum_cret=x.\n",
    "-L rscgrp=int": "0070 pjsub No execute permission: pjsub batch.\n",
    "--llio sharedtmp-size=90000Mi": (
        "0049 pjsub Option argument is invalid. sharedtmp-size + localtmp-size must be less than or equal to "
        "93615751168: --llio sharedtmp-size=90000Mi.\n"
    ),
    "--llio sharedtmp-size=44Gi,localtmp-size=44Gi": (
        "0049 pjsub Option argument is invalid. sharedtmp-size + localtmp-size must be less than or equal to "
        "93615751168: --llio sharedtmp-size=44Gi,localtmp-size=44Gi.\n"
    ),
    "--llio sharedtmp-size=much": "0004 pjsub Invalid option argument: --llio sharedtmp-size=much.\n",
    "--llio cn-cache-size=1Mi": (
        "0046 pjsub Option argument is out of range (4Mi-2147483647Mi): --llio cn-cache-size=1Mi.\n"
    ),
    "--llio stripe-size=63Ki": (
        "0046 pjsub Option argument is out of range (64Ki-4194240Ki): --llio stripe-size=63Ki.\n"
    ),
    "--llio cn-cached-write-size=5Ki": (
        "0047 pjsub Option argument must be multiple of 4Ki: --llio cn-cached-write-size=5Ki.\n"
    ),
    "-w soon": f"0003 pjsub Unknown option argument: -w soon.\n{HINT}",
    "-m x": f"0003 pjsub Unknown option argument: -m x.\n{HINT}",
    "--net-route best": f"0003 pjsub Unknown option argument: --net-route best.\n{HINT}",
    "--gid 2000000000": "0041 pjsub Getting group information from gid failed.\n",
}


@pytest.mark.parametrize("options", REFUSALS)
def test_it_refuses(asked: Emulated, options: str) -> None:
    ended = asked.command("pjsub", *options.split(" "), asked.script("true").name)

    assert (1, "", f"[ERR.] PJM {REFUSALS[options]}") == (ended.code, ended.out, ended.err)
    assert [] == emulator.jobs(asked.folder)


ACCEPTED = (
    "-L freq=2000,eco_state=2,retention_state=0,throttling_state=9,jobenv=any",
    "-L freq",
    "-L exepjrsh",
    "-L exepjrsh=1,estimated-power=5",
    "-L proc-stack=unlimited,proc-core=5M,proc-cpu=1:00:00,proc-openfd=7",
    "--llio sharedtmp-size=40Gi,localtmp-size=47Gi,stripe-size=64Ki,cn-cached-write-size=0",
)


@pytest.mark.parametrize("options", ACCEPTED)
def test_it_accepts(pjm: Emulated, options: str) -> None:
    ended = pjm.command("pjsub", *options.split(" "), pjm.script("true").name)

    assert (0, "[INFO] PJM 0000 pjsub Job 48000001 submitted.\n", "") == (ended.code, ended.out, ended.err)


def test_a_retention_state_that_the_size_rules_out_is_a_warning_before_the_answer(pjm: Emulated) -> None:
    pjm.script("true")
    warning = "warn: specification of core retention is invalid because job size is too large.\n"
    for nodes, said in ((9216, ""), (9217, warning)):
        wish = f"rscgrp=large,node={nodes},retention_state=1,elapse=60"
        ended = pjm.command("pjsub", "-L", wish, "job.sh")

        assert (0, "") == (ended.code, ended.err)
        assert ended.out.startswith(f"{said}[INFO] PJM 0000 pjsub Job 4800000")


@pytest.mark.parametrize(
    ("denied", "options", "detail"),
    [
        ("bulk", ["--bulk", "--sparam", "0-1"], "pjsub-bulk"),
        ("step", ["--step"], "pjsub-step"),
        ("bulk step", ["--step"], "pjsub-step"),
    ],
)
def test_a_group_may_deny_bulk_and_step_jobs(
    making: Callable[..., Emulated], denied: str, options: List[str], detail: str
) -> None:
    pjm = making(groups={"small": {"denied": denied}})

    ended = pjm.command("pjsub", *options, pjm.script("true").name)

    assert (1, f"[ERR.] PJM 0070 pjsub No execute permission: {detail}.\n") == (ended.code, ended.err)
    assert pjm.submit("true")


def test_large_without_nodes_has_its_least_and_refuses_one_node(pjm: Emulated) -> None:
    """The guide's examples contradict each other: see the emulator's page."""
    job = pjm.submit("true", "-L", "rscgrp=large,elapse=60")
    refused = pjm.command("pjsub", "-L", "rscgrp=large,node=1", "job.sh")

    assert 385 == pjm.job(job).nodes
    assert "[ERR.] PJM 0054 pjsub node=1 is less than the lower limit (385).\n" == refused.err


def test_a_site_has_its_own_custom_resources(making: Callable[..., Emulated]) -> None:
    pjm = making(custom={"gpu": ["1", "2"], "queue": []})

    assert pjm.submit("true", "-L", "gpu=2,queue=x,freq=2000")
    ended = pjm.command("pjsub", "-L", "gpu=3", "job.sh")
    said = "gpu=3 cannot be specified. The value must be specified as follows: 1,2"
    assert f"[ERR.] PJM 0076 pjsub {said}\n" == ended.err
