"""The job script of a share: what it asks the batch system for, then pytest with our worker."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Tuple

from pjm.batch.scheduler import Scheduler
from pjm.job.assignment import FOLDER, PATH, SHARE
from pjm.plan.interpreter import without_environment
from pjm.plan.packing import Job

# What may stand in a directive as it is: neither the shell's nor the batch system's own splitting touches it.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=+@-]{1,1000}", re.ASCII)
# Not `-m`, which looks for modules in the project's folder before the standard library's and our own.
START = (
    "import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; "
    "from pjm.job.worker import main; sys.exit(main())"
)
# Where PYTHONPATH, which has our code, is not looked at.
FIND = f"import os, sys; sys.path.insert(0, os.environ['{PATH}']); "


@dataclass(frozen=True)
class JobPython:
    """What runs in a job.

    Attributes:
        python: the interpreter of the compute nodes, as it is called there.
        rootdir: where pytest starts.
        prologue: lines of shell that the project's configuration puts before pytest.
        switches: of the interpreter itself.
    """

    python: str
    rootdir: Path
    prologue: Tuple[str, ...] = ()
    switches: Tuple[str, ...] = ()

    @property
    def command(self) -> Tuple[str, ...]:
        """What starts pytest."""
        start = FIND + START if without_environment(self.switches) else START
        return (self.python, *self.switches, "-c", start)


@dataclass(frozen=True)
class Outputs:
    """Files that the batch system writes for one share."""

    out: Path
    err: Path
    stats: Path


def script_names(job: Job) -> Tuple[str, ...]:
    """The names of a job's scripts in its folder: one for each step of a step job, otherwise one."""
    return tuple(f"script-{number}.sh" for number in range(len(job.shares) if job.step else 1))


def outputs(folder: Path, number: int) -> Outputs:
    """Where the share of that number has its output; `folder` is the job's, from which it has to be submitted."""
    return Outputs(*(folder / f"share-{number}.{kind}" for kind in ("out", "err", "stats")))


def script(job: Job, number: int, folder: Path, worker: JobPython, scheduler: Scheduler) -> str:
    """The text of one job script.

    A normal and a bulk job have one, for number 0; a step job one per step. It has to be submitted from `folder`: its
    output files are relative to that, so that no directive holds a path of the user's. The worker finds the job's
    folder in PYTEST_PJM_FOLDER and the number of its share in PYTEST_PJM_SHARE. The script ends with pytest's exit
    code, also where a signal ended pytest (128 + signal), so that the steps that need it are removed then too.

    Args:
        job: what is packed.
        number: of the share whose script it is.
        folder: the job's own, absolute.
        worker: what runs.
        scheduler: for which it is.
    """
    share = job.shares[number]
    environment = share.resources.env
    resources = replace(share.resources, env=tuple(filter(_is_plain, environment)))
    numbered = None if job.bulk else number
    lines = ["#!/bin/bash"]
    lines += scheduler.directives(job.name, resources, numbered, share.needs if job.step else None)
    lines += ["", *(f"export {name}={shlex.quote(text)}" for name, text in environment if not _is_plain((name, text)))]
    lines += [
        f"export {FOLDER}={shlex.quote(str(folder))}",
        f"export {SHARE}={scheduler.bulk_number if job.bulk else number}",
        *worker.prologue,
        f"cd -- {shlex.quote(str(worker.rootdir))} || exit 125",
        "# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.",
        "trap : XCPU TERM",
        " ".join(shlex.quote(word) for word in worker.command),
        "exit $?",
    ]
    return "\n".join(lines) + "\n"


def _is_plain(pair: Tuple[str, str]) -> bool:
    return _PLAIN.fullmatch(pair[1]) is not None
