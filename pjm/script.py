"""The job script of a share: directives for the batch system, then pytest with our worker."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Tuple

from pjm.assignment import PATH
from pjm.elapse import elapse_text
from pjm.packing import Job
from pjm.scheduler import Resources
from pjm.switches import without_environment

# What may stand in a directive as it is: neither the shell's nor the batch system's own splitting touches it.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=+@-]{1,1000}", re.ASCII)
# Not `-m`, which looks for modules in the project's folder before the standard library's and our own.
START = (
    "import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; "
    "from pjm.worker import main; sys.exit(main())"
)
# Where PYTHONPATH, which has our code, is not looked at.
FIND = f"import os, sys; sys.path.insert(0, os.environ['{PATH}']); "


@dataclass(frozen=True)
class Worker:
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


def outputs(folder: Path, number: int) -> Outputs:
    """Where the share of that number has its output; `folder` is the job's, from which it has to be submitted."""
    return Outputs(*(folder / f"share-{number}.{kind}" for kind in ("out", "err", "stats")))


def script(job: Job, number: int, folder: Path, worker: Worker) -> str:
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
    """
    share = "%b" if job.bulk else str(number)
    lines = ["#!/bin/bash", *_directives(job, number, share)]
    lines += ["", *(f"export {name}={shlex.quote(text)}" for name, text in _awkward(job.shares[number].resources))]
    lines += [
        f"export PYTEST_PJM_FOLDER={shlex.quote(str(folder))}",
        f"export PYTEST_PJM_SHARE={'$PJM_BULKNUM' if job.bulk else number}",
        *worker.prologue,
        f"cd -- {shlex.quote(str(worker.rootdir))} || exit 125",
        "# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.",
        "trap : XCPU TERM",
        " ".join(shlex.quote(word) for word in worker.command),
        "exit $?",
    ]
    return "\n".join(lines) + "\n"


def _directives(job: Job, number: int, share: str) -> Iterator[str]:
    resources = job.shares[number].resources
    yield f"#PJM -N {job.name}"
    yield f'#PJM --rsc-list "elapse={elapse_text(resources.elapse)}"'
    if resources.rscgrp is not None:
        yield f'#PJM --rsc-list "rscgrp={resources.rscgrp}"'
    yield f'#PJM -L "node={resources.nodes}"'
    if resources.group is not None:
        yield f"#PJM -g {shlex.quote(resources.group)}"
    if resources.gfscache is not None:
        yield f"#PJM -x PJM_LLIO_GFSCACHE={shlex.quote(resources.gfscache)}"
    for name, text in resources.env:
        if _PLAIN.fullmatch(text):
            yield f"#PJM -x {name}={text}"
    if job.step:
        yield f'#PJM --sparam "{_step_parameters(number, job.shares[number].needs)}"'
    yield f"#PJM -o share-{share}.out"
    yield f"#PJM -e share-{share}.err"
    yield "#PJM -S"
    yield f"#PJM --spath share-{share}.stats"


def _step_parameters(number: int, needs: Tuple[int, ...]) -> str:
    """A step's number and what removes it: a step it needs failed, of itself or of the system; its followers go too."""
    steps = "".join(f":{need}" for need in needs)  # Command Reference p. 96: one of those listed is enough
    conditions = [f"sd={code}!=0:after{steps}" for code in ("ec", "pc") if needs]
    return ",".join([f"sn={number}", *conditions])


def _awkward(resources: Resources) -> Tuple[Tuple[str, str], ...]:
    """Environment variables that no directive can carry whole."""
    return tuple((name, text) for name, text in resources.env if not _PLAIN.fullmatch(text))
