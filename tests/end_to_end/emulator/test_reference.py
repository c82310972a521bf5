"""What the documents of PJM say in passing: sub-options, limits, names from the environment, what pjdel leaves."""

from __future__ import annotations

from typing import Dict

import pytest

from pjm import emulator
from tests.builders.emulated import WAIT, Emulated, make

HINT = "Try `pjsub --help` for more information.\n"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Emulated:
    """One emulator for all refusals: nothing ever runs on it."""
    return make(tmp_path_factory.mktemp("asked"))


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


def test_variables_of_the_command_line_fill_in_directives(pjm: Emulated) -> None:
    script = '#PJM --vset "V=script,W=script"\n#PJM -x A=${V} -x B=${W}\necho $A $B\n'

    job = pjm.submit(script, "--vset", "V=line", "-o", "shown")
    pjm.ended(job)

    assert "line script\n" == pjm.read("shown")


def test_a_job_knows_what_mpi_and_the_environment_said(pjm: Emulated) -> None:
    names = (
        "MPI_PROC PROC_BY_NODE MPI_SHAPE_Y RANK_MAP_BYNODE CUSTOM_RESOURCES COMMENT AT STEPNUM BULKNUM LLIO_GFSCACHE"
    )
    script = "".join(f'echo "{name}=${{PJM_{name}-unset}}"\n' for name in names.split())
    options = ["-L", "node=2x3,exepjrsh=1,jobenv=x", "--mpi", "proc=8,rank-map-bynode", "--at", "20200101"]
    of_step = {"PJM_COMMENT": "by the way", "PJM_STEPNUM": "7", "PJM_BULKNUM": "9", "PJM_EMULATOR_NODES": "9"}

    refused = pjm.command("pjsub", *options, pjm.script(script).name)
    job = pjm.submit(script, *options[:-2], "-X", "-x", "PJM_STEPNUM=8,PJM_LLIO_GFSCACHE=/vol0004", env=of_step)
    pjm.ended(job)

    assert "[ERR.] PJM 0056 pjsub" in refused.err
    assert [
        "MPI_PROC=8",
        "PROC_BY_NODE=2",
        "MPI_SHAPE_Y=3",
        "RANK_MAP_BYNODE=DEF",
        "CUSTOM_RESOURCES=exepjrsh/n=1,jobenv/s=x",
        "COMMENT=by the way",
        "AT=unset",
        "STEPNUM=unset",
        "BULKNUM=unset",
        "LLIO_GFSCACHE=/vol0004",
    ] == pjm.read(f"job.sh.{job}.out").splitlines()
    assert ["bynode"] == [row["RANK"] for row in pjm.rows("-H", "--choose", "rankm")]


def test_what_was_deleted_leaves_what_was_asked_for(pjm: Emulated) -> None:
    plain, silent = (pjm.submit(WAIT, "-S") for _ in range(2))
    whole = pjm.submit(WAIT, "-s", "--bulk", "--sparam", "1-2")
    for job in (plain, silent, f"{whole}[1]", f"{whole}[2]"):
        pjm.wait_for(job, "RUN")

    pjm.command("pjdel", plain)
    pjm.command("pjdel", "--no-stats", "--no-history", silent, whole)
    pjm.ended(plain, silent, whole)

    assert [f"job.sh.{plain}.stats"] == [path.name for path in pjm.work.glob("*.stats")]
    assert [plain] == [row["JOB_ID"] for row in pjm.rows("-H", "-E")]


def test_statistics_count_the_sub_jobs_that_have_ended(pjm: Emulated) -> None:
    script = '[ "$PJM_BULKNUM" = 2 ] || exit 0\n' + WAIT
    whole = pjm.submit(script, "--bulk", "--sparam", "2-12")
    for number in range(3, 13):
        pjm.wait_for(f"{whole}[{number}]", "EXT")

    lines = pjm.command("pjstat", "-s", whole).out.splitlines()
    order = [row["JOB_ID"] for row in pjm.rows("-E", "--choose", "jid", "--sort", "jid:D")]

    assert f" {'SUB JOB NUM':<28}: 10/11" in lines
    assert [f" {'START BULKNO':<28}: 2", f" {'END BULKNO':<28}: 12"] == [line for line in lines if "BULKNO" in line]
    assert [*(f"{whole}[{number}]" for number in range(12, 1, -1)), whole] == order
    pjm.go()


@pytest.mark.parametrize(("days", "code"), [("365", 0), ("366", 1), ("0", 1)])
def test_history_goes_back_a_year(asked: Emulated, days: str, code: int) -> None:
    assert code == asked.command("pjstat", "-H", f"day={days}").code
