"""What a job finds: variables, and names of files."""

from __future__ import annotations

import os
from typing import Dict

from pjm.emulator.machine.store import WHOLE, Job
from pjm.emulator.running.job_environment import filled, keyword
from tests.builders.emulated import Emulated


def test_names_of_files() -> None:
    job = Job(12, 3, "BU", "name", "user", "group")

    assert "12 12[3] 3  name % %x" == filled("%j %J %b %s %n %% %x", job)
    assert "12.3." == filled("%j.%s.", Job(12, 3, "ST", "name", "user", "group"))
    assert ("12", "12_3") == (Job(12, WHOLE, "ST", "", "", "").id, Job(12, 3, "ST", "", "", "").id)
    assert ("J1a", "a" * 63) == (keyword("1a"), keyword("a" * 70))


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


def test_the_first_line_says_what_runs_the_script_and_it_needs_no_x_bit(pjm: Emulated) -> None:
    job = pjm.submit("#!/usr/bin/env python3\nprint(6 * 7)\n", "-o", "out")
    pjm.ended(job)

    assert "42\n" == pjm.read("out")
