"""What sbatch reads, the `#SBATCH` lines of a job script, and what it answers: an id, or why it submitted nothing."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Iterator, List, Optional, Sequence, Tuple

from pjm.batch.host import Answer
from pjm.batch.scheduler import AnswerLostError, Resources, SubmitError

MINUTE = 60
_MARK = "#SBATCH "

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


def directives(
    name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
) -> Iterator[str]:
    """The lines, one by one; see `Scheduler.directives`. They export the environment: sbatch takes none."""
    label = "%a" if number is None else str(number)
    yield f"{_MARK}--job-name={name if needs is None else step_name(name, int(label))}"
    yield f"{_MARK}--nodes={resources.nodes}"
    yield f"{_MARK}--time={-(-resources.elapse // MINUTE)}"
    # Slurm has a number of tasks, and processors of each: one task on each node, or the ranks.
    tasks, cpus = resources.ranks_per_node or None, resources.cpus
    wished = (
        ("ntasks", resources.ranks),
        ("ntasks-per-node", tasks),
        ("partition", resources.rscgrp),
        ("account", resources.group),
        ("cpus-per-task", max(1, cpus // tasks) if cpus and tasks else cpus),
        ("mem", resources.mem),
        ("gres", resources.gres),
    )
    for option, value in wished:
        if value is not None:
            yield f"{_MARK}--{option}={shlex.quote(str(value))}"
    yield f"{_MARK}--output=share-{label}.out"
    yield f"{_MARK}--error=share-{label}.err"
    yield f"{_MARK}--open-mode=truncate"
    for variable, text in resources.env:
        yield f"export {variable}={text}"


def step_name(name: str, number: int) -> str:
    """The name of one job of a chain."""
    return f"{name}.{number}"


def words(script: str) -> List[str]:
    """The options in the directives of a script. On the command line they override the user's SBATCH_… variables.

    As for sbatch, the directives end at the first command: what follows is the user's text.
    """
    head = itertools.takewhile(lambda line: line.startswith("#"), script.split("\n"))
    return [word for line in head if line.startswith(_MARK) for word in shlex.split(line[len(_MARK) :])]


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
