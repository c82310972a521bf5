"""Which options pjsub refuses, and in which words."""

from __future__ import annotations

from typing import Dict

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
