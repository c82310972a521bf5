"""Writes what a job needs into the session folder: its shares, its scripts, and a copy of our own code."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

import pytest_pjm
from pjm.atomic import write_json, write_whole
from pjm.packing import Job
from pjm.parts import FollowedJob, from_document, resources_document, script_name
from pjm.script import Worker, script
from pjm.session import SCHEMA, Session
from pjm.worker import PATH, PLAN

CODE = "lib"


@dataclass(frozen=True)
class Workplace:
    """What all jobs of a session have in common.

    Attributes:
        python: the interpreter.
        prologue: lines of shell before pytest.
        start: the folder in which pytest starts.
        files: where each test is.
        arguments: pytest's, as they were given to the client.
        environment: variables that pytest looks at before its arguments.
        path: whether `start` is on the import path.
        junit: the family of the client's junit file; if it writes none, one that takes all.
        switches: of the interpreter itself.
    """

    python: str
    prologue: Tuple[str, ...]
    start: Path
    files: Mapping[str, str]
    arguments: Tuple[str, ...]
    environment: Mapping[str, str]
    path: bool
    junit: str
    switches: Tuple[str, ...] = ()


def write_job(session: Session, job: Job, place: Workplace, retry: bool) -> FollowedJob:
    """Write a job's folder."""
    folder = session.job_folder(job.name)
    folder.mkdir(mode=0o700, exist_ok=True)
    document = _document(session, job, place, retry)
    write_json(folder / PLAN, document)
    worker = Worker(place.python, place.start, (*place.prologue, *_path_lines(session)), place.switches)
    for number in range(len(job.shares) if job.step else 1):
        write_whole(folder / script_name(number), script(job, number, folder, worker))
    return from_document(folder, document)


def copy_code(session: Session) -> None:
    """Copy what jobs need of this package, so that their Python need not have it installed."""
    source = Path(__file__).resolve().parent
    target = session.folder / CODE
    if target.exists():
        return
    unfinished = target.with_name(f".{CODE}")
    shutil.rmtree(unfinished, ignore_errors=True)
    for folder, files in ((unfinished, [Path(pytest_pjm.__file__)]), (unfinished / source.name, source.glob("*.py"))):
        folder.mkdir(mode=0o700)
        for file in files:
            shutil.copyfile(str(file), str(folder / file.name))
    unfinished.rename(target)


def _path_lines(session: Session) -> Tuple[str, str]:
    code = shlex.quote(str(session.folder / CODE))
    return f"export {PATH}={code}", f'export PYTHONPATH={code}"${{PYTHONPATH:+:$PYTHONPATH}}"'


def _document(session: Session, job: Job, place: Workplace, retry: bool) -> Dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": job.name,
        "bulk": job.bulk is not None,
        "step": job.step,
        "retry": retry,
        "shares": [
            {
                "tests": list(share.nodeids),
                "files": list(dict.fromkeys(place.files[nodeid] for nodeid in share.nodeids)),
                "needs": list(share.needs),
                "expected": share.expected,
                "resources": resources_document(share.resources),
            }
            for share in job.shares
        ],
        "worker": {
            "arguments": list(place.arguments),
            "environment": dict(place.environment),
            "artifacts": str(session.artifacts),
            "path": place.path,
            "junit": place.junit,
        },
    }
