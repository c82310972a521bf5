"""Parses the answer of sbatch: the id of the job it submitted, or why it submitted nothing."""

from __future__ import annotations

import re
from typing import Sequence, Tuple

from pjm.batch.host import Answer
from pjm.batch.scheduler import AnswerLostError, SubmitError

# sbatch(1) --parsable: the id, and with several clusters the name of one.
_TAKEN = re.compile(r"^(\d{1,10})(?:;\S+)?$", re.ASCII | re.MULTILINE)
_FAILED = "Batch job submission failed:"
_NEVER_RAN = (126, 127)  # exit codes of a shell, and of env(1), that could not start it

# Texts of slurm_strerror(3) after which the controller may have the job: the request was sent, the answer is missing.
_UNKNOWN = re.compile(
    r"timed out|Zero Bytes|(?:send|receive|shutdown) failure|Unexpected message|reset by peer|Broken pipe|Interrupted|"
    r"failed: No error",
    re.IGNORECASE,
)

# Parts of the texts of slurm_strerror(3), and of limits that are named before them; advice, and whether to try again.
_REFUSALS: Sequence[Tuple[str, str, bool]] = (
    ("Unable to contact slurm controller", "Slurm's controller is away for the moment: it is tried again", True),
    ("controller in standby", "Slurm's controllers change places: it is tried again", True),
    ("temporarily unable to accept job", "Slurm has too many jobs: it is tried again", True),
    ("MaxSubmitJob", "wait until other jobs have ended: it is tried again", True),
    ("GrpSubmitJobs", "wait until other jobs of the account have ended: it is tried again", True),
    ("invalid partition", "correct rscgrp= in the mark, or fugaku_rscgrp: sinfo -s lists the partitions", False),
    ("partition not available", "the partition is closed: choose another rscgrp=, or wait for the site", False),
    ("not permitted to use this partition", "choose another rscgrp= in the mark, or fugaku_rscgrp", False),
    ("account", "set fugaku_group to an account of yours: sacctmgr show associations user=$USER format=account", False),
    ("time limit", "lower elapse= in the mark, or choose another rscgrp=: sinfo -o '%P %l' lists limits", False),
    ("generic resource", "correct gres= in the mark: sinfo -o '%P %G' lists what partitions have", False),
    ("emory", "lower mem= in the mark, or choose another rscgrp=", False),
    ("node configuration", "lower nodes=, cpus=, mem= or gres= in the mark, or choose another rscgrp=", False),
    ("ode count", "lower nodes= in the mark, or choose another rscgrp=", False),
    ("rocessor", "lower cpus= in the mark, or choose another rscgrp=", False),
    ("job array", "lower fugaku_bulk_limit", False),
    ("configuration source", "run it on a login node: there is no configuration of Slurm here", False),
)


def taken(answer: Answer) -> str:
    """The id of the job.

    Raises:
        SubmitError: nothing was submitted.
        AnswerLostError: something may have been submitted.
    """
    ids = _TAKEN.findall(answer.out)
    if answer.code == 0 and len(ids) == 1:
        return str(ids[0])
    said = " / ".join(line.strip() for line in answer.text.splitlines() if line.strip())[:500] or "it said nothing"
    if answer.code in _NEVER_RAN and _FAILED not in said:
        raise SubmitError(f"sbatch cannot be run: {said}", "ask the site", retry=False)
    if answer.code <= 0 or ids or _UNKNOWN.search(said) or "sbatch" not in said:
        raise AnswerLostError(f"sbatch ended with exit code {answer.code}, and whether it has a job is unknown: {said}")
    advice, retry = next(
        ((advice, retry) for words, advice, retry in _REFUSALS if words.lower() in said.lower()),
        ("correct the marks or the fugaku_… options that the message names", False),
    )
    raise SubmitError(said if said.startswith("sbatch") else f"sbatch: {said}", advice, retry)
