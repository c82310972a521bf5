"""Writes the folder of a job: its document and scripts; also copies the code that jobs run into the session folder."""

from __future__ import annotations

import shlex
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pjm
import pytest_pjm
from pjm.batch.roots import SAME, Roots
from pjm.batch.scheduler import Resources, Scheduler
from pjm.files import write_whole
from pjm.job.assignment import PATH, read_document, write_document
from pjm.job.rank import FILES
from pjm.plan.packing import Job, Share
from pjm.plan.script import JobPython, script, script_names
from pjm.sessions.selection import HASH_SEED
from pjm.sessions.session import SCHEMA, Session

CODE = "lib"
LOCAL_MPIEXEC = ("mpiexec", "-n", "{ranks}")  # of Open MPI or MPICH on this machine


@dataclass(frozen=True)
class Workplace:
    """What all jobs of a session have in common.

    Attributes:
        python: the command that starts the interpreter.
        prologue: lines of shell before pytest.
        start: the folder in which pytest starts.
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
    prologue: Tuple[str, ...]
    start: Path
    files: Mapping[str, Optional[Path]]
    places: Tuple[str, ...]
    arguments: Tuple[str, ...]
    environment: Mapping[str, str]
    path: bool
    junit: str
    grace: float
    mpiexec: Tuple[str, ...] = LOCAL_MPIEXEC
    ranks_gate: str = FILES
    switches: Tuple[str, ...] = ()
    roots: Roots = SAME


def write_job(session: Session, job: Job, place: Workplace, scheduler: Scheduler, retry: bool) -> Path:
    """Write the folder of a job, and return its path."""
    folder = session.job_folder(job.name)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_document(folder, document(session.artifacts, job, place, retry))
    prologue = (_hash_line(session), *place.prologue, *_path_lines(session, place.roots))
    worker = JobPython(place.python, place.start, prologue, place.switches, place.roots)
    for number, name in enumerate(script_names(job)):
        write_whole(folder / name, script(job, number, folder, worker, scheduler))
    return folder


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
