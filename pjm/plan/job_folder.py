"""Writes the folder of a job: its document and scripts; also copies the code that jobs run into the session folder."""

from __future__ import annotations

import re
import shlex
import shutil
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pjm
import pytest_pjm
from pjm.batch.roots import SAME, Roots
from pjm.batch.scheduler import Resources, Scheduler
from pjm.files import write_whole
from pjm.job.assignment import FOLDER, PATH, SHARE, read_document, write_document
from pjm.job.interpreter import command
from pjm.job.rank import FILES
from pjm.plan.packing import Job, Share
from pjm.sessions.selection import HASH_SEED
from pjm.sessions.session import SCHEMA, Session

CODE = "lib"
LOCAL_MPIEXEC = ("mpiexec", "-n", "{ranks}")  # of Open MPI or MPICH on this machine
# Text that a directive may hold unquoted: neither the shell nor the batch system splits or changes it.
_PLAIN = re.compile(r"[A-Za-z0-9_./:=+@-]{1,1000}", re.ASCII)


@dataclass(frozen=True)
class Workplace:
    """What all jobs of a session have in common.

    Attributes:
        python: the command that starts the interpreter of the compute nodes.
        start: the folder in which pytest starts.
        prologue: lines of shell before pytest.
        files: the file of each test; None for a test that comes from no file.
        places: the files and folders that the client collects.
        arguments: the client's arguments of pytest.
        environment: variables that pytest reads before its arguments.
        path: whether `start` is on the import path.
        junit: the family of the client's junit file; if the client writes none, a family that accepts everything.
        grace: seconds that a job's Python may take to end after its tests.
        mpiexec: what starts the ranks of a test.
        ranks_gate: how they keep in step.
        switches: switches of the interpreter, such as -O.
        roots: where our folders are on the machine of the jobs.
    """

    python: Tuple[str, ...]
    start: Path
    prologue: Tuple[str, ...] = ()
    files: Mapping[str, Optional[Path]] = field(default_factory=dict)
    places: Tuple[str, ...] = ()
    arguments: Tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    path: bool = False
    junit: str = "xunit1"
    grace: float = 120.0
    mpiexec: Tuple[str, ...] = LOCAL_MPIEXEC
    ranks_gate: str = FILES
    switches: Tuple[str, ...] = ()
    roots: Roots = SAME


@dataclass(frozen=True)
class Outputs:
    """The files that the batch system writes for one share."""

    out: Path
    err: Path
    stats: Path


def write_job(session: Session, job: Job, place: Workplace, scheduler: Scheduler, retry: bool) -> Path:
    """Write the folder of a job, and return its path."""
    folder = session.job_folder(job.name)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_document(folder, document(session.artifacts, job, place, retry))
    prologue = (_hash_line(session), *place.prologue, *_path_lines(session, place.roots))
    for number, name in enumerate(script_names(job)):
        write_whole(folder / name, script(job, number, folder, replace(place, prologue=prologue), scheduler))
    return folder


def script_names(job: Job) -> Tuple[str, ...]:
    """The names of a job's scripts in its folder: one for each step of a step job, otherwise one."""
    return tuple(f"script-{number}.sh" for number in range(len(job.shares) if job.step else 1))


def outputs(folder: Path, number: int) -> Outputs:
    """The output files of one share. `folder` is the job's folder, from which the job has to be submitted."""
    return Outputs(*(folder / f"share-{number}.{kind}" for kind in ("out", "err", "stats")))


def script(job: Job, number: int, folder: Path, place: Workplace, scheduler: Scheduler) -> str:
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
        f"export {FOLDER}={shlex.quote(place.roots.there(folder))}",
        f"export {SHARE}={scheduler.bulk_number if job.bulk else number}",
        *place.prologue,
        f"cd -- {shlex.quote(place.roots.there(place.start))} || exit 125",
        "# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.",
        "trap : XCPU TERM",
        " ".join(map(shlex.quote, command(place.python, place.switches, "main"))),
        "exit $?",
    ]
    return "\n".join(lines) + "\n"


def _is_plain(pair: Tuple[str, str]) -> bool:
    return _PLAIN.fullmatch(pair[1]) is not None


def read_job(folder: Path) -> Tuple[Job, bool]:
    """Read the job that was written into a folder, and whether its tests were submitted before.

    Raises:
        OSError, KeyError, TypeError, ValueError: the folder holds no job.
    """
    written = read_document(folder)
    return Job(written["name"], tuple(map(_share, written["shares"]))), bool(written["retry"])


def _share(fields: Mapping[str, Any]) -> Share:
    env = tuple((name, text) for name, text in fields["resources"]["env"])
    resources = Resources(**{**fields["resources"], "env": env})
    return Share(tuple(fields["tests"]), resources, fields["expected"], tuple(fields["needs"]))


def has_other_code(session: Session) -> bool:
    """Whether the session has a copy of another version of pjm, in which new scripts would not find the worker."""
    target = session.folder / CODE
    return target.exists() and not (target / "pjm" / "job" / "launch.py").exists()


def copy_code(folder: Path) -> None:
    """Copy the modules that jobs need into a folder, so that the Python of the jobs need not have this package."""
    package = Path(pjm.__file__).resolve().parent
    target = folder / CODE
    if target.exists():
        return
    unfinished = target.with_name(f".{CODE}")
    shutil.rmtree(unfinished, ignore_errors=True)
    for folder, files in (
        (unfinished, [Path(pytest_pjm.__file__)]),
        (unfinished / package.name, package.glob("*.py")),
        (unfinished / package.name / "job", package.glob("job/*.py")),
    ):
        folder.mkdir(mode=0o700)
        for file in files:
            shutil.copyfile(str(file), str(folder / file.name))
    unfinished.rename(target)


def _hash_line(session: Session) -> str:
    """Sets the seed of hashes: the client's, else one for all jobs of the session, unless a mark's env= has set it.

    With a seed each, two jobs could give the same parameter of a set to different node ids, and both run it.
    """
    seed = (session.facts.get("variables") or {}).get(HASH_SEED, "")
    drawn = zlib.crc32(session.identity.encode("ascii"))
    return f'export {HASH_SEED}="${{{HASH_SEED}:-{seed if seed.isdecimal() else drawn}}}"'


def _path_lines(session: Session, roots: Roots) -> Tuple[str, str]:
    code = shlex.quote(roots.there(session.folder / CODE))
    return f"export {PATH}={code}", f'export PYTHONPATH={code}"${{PYTHONPATH:+:$PYTHONPATH}}"'


def document(artifacts: Path, job: Job, place: Workplace, retry: bool = False) -> Dict[str, object]:
    """What the programs of a job have to know.

    ``retry`` says whether its tests were submitted before.
    """
    return {
        "schema": SCHEMA,
        "name": job.name,
        "bulk": job.bulk is not None,
        "step": job.step,
        "retry": retry,
        "shares": [
            {
                "tests": list(share.nodeids),
                "files": _files(share, place),
                "needs": list(share.needs),
                "expected": share.expected,
                "resources": vars(share.resources),
            }
            for share in job.shares
        ],
        "worker": {
            "arguments": [place.roots.word(word, place.start) for word in place.arguments],
            "places": [place.roots.word(word, place.start) for word in place.places],
            "environment": dict(place.environment),
            "artifacts": place.roots.there(artifacts),
            "path": place.path,
            "junit": place.junit,
            "grace": place.grace,
            "mpiexec": list(place.mpiexec),
            "gate": place.ranks_gate,
        },
    }


def _files(share: Share, place: Workplace) -> List[str]:
    """The files to collect for a share; none if a test comes from no file, because any file may be needed then."""
    files = [place.files[nodeid] for nodeid in share.nodeids]
    return [] if None in files else list(dict.fromkeys(place.roots.there(file) for file in files if file is not None))
