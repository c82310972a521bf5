"""Writes the job script of a share: the request for resources, then the command that starts the worker."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Tuple

from pjm.batch.roots import SAME, Roots
from pjm.batch.scheduler import Scheduler
from pjm.job.assignment import FOLDER, SHARE
from pjm.job.interpreter import command
from pjm.plan.packing import Job

# Text that a directive may hold unquoted: neither the shell nor the batch system splits or changes it.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=+@-]{1,1000}", re.ASCII)


@dataclass(frozen=True)
class JobPython:
    """The Python of a job.

    Attributes:
        python: the command that starts the interpreter of the compute nodes.
        rootdir: the folder in which pytest starts.
        prologue: lines of shell that the project's configuration puts before pytest.
        switches: switches of the interpreter, such as -O.
        roots: where our folders are on the machine of the jobs.
    """

    python: Tuple[str, ...]
    rootdir: Path
    prologue: Tuple[str, ...] = ()
    switches: Tuple[str, ...] = ()
    roots: Roots = SAME

    @property
    def command(self) -> Tuple[str, ...]:
        """The command that starts the worker."""
        return command(self.python, self.switches, "main")


@dataclass(frozen=True)
class Outputs:
    """The files that the batch system writes for one share."""

    out: Path
    err: Path
    stats: Path


def script_names(job: Job) -> Tuple[str, ...]:
    """The names of a job's scripts in its folder: one for each step of a step job, otherwise one."""
    return tuple(f"script-{number}.sh" for number in range(len(job.shares) if job.step else 1))


def outputs(folder: Path, number: int) -> Outputs:
    """The output files of one share. `folder` is the job's folder, from which the job has to be submitted."""
    return Outputs(*(folder / f"share-{number}.{kind}" for kind in ("out", "err", "stats")))


def script(job: Job, number: int, folder: Path, worker: JobPython, scheduler: Scheduler) -> str:
    """The text of one job script.

    A normal job and a bulk job have one script, with number 0; a step job has one per step. The job has to be submitted
    from `folder`: the output files are relative to it, so that no directive holds a path of the user. The worker finds
    the job's folder in PYTEST_PJM_FOLDER and the number of its share in PYTEST_PJM_SHARE. The exit code of the script
    is that of the worker, or 128 + signal if a signal ended it, so that the batch system removes dependent steps.
    """
    share = job.shares[number]
    environment = share.resources.env
    resources = replace(share.resources, env=tuple(filter(_is_plain, environment)))
    numbered = None if job.bulk else number
    lines = ["#!/bin/bash"]
    lines += scheduler.directives(job.name, resources, numbered, share.needs if job.step else None)
    lines += ["", *(f"export {name}={shlex.quote(text)}" for name, text in environment if not _is_plain((name, text)))]
    lines += [
        f"export {FOLDER}={shlex.quote(worker.roots.there(folder))}",
        f"export {SHARE}={scheduler.bulk_number if job.bulk else number}",
        *worker.prologue,
        f"cd -- {shlex.quote(worker.roots.there(worker.rootdir))} || exit 125",
        "# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.",
        "trap : XCPU TERM",
        " ".join(shlex.quote(word) for word in worker.command),
        "exit $?",
    ]
    return "\n".join(lines) + "\n"


def _is_plain(pair: Tuple[str, str]) -> bool:
    return _PLAIN.fullmatch(pair[1]) is not None
