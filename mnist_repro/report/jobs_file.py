"""Reads the `jobs.json` of a session of batch jobs.

This package knows jobs only through this file and does not import the package that writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.report.values import Job, Jobs
from mnist_repro.runs.problems import Problems

FILE = "jobs.json"
SCHEMA = 1
MAKE = "pytest --fugaku"
SESSIONS = Path(".pjm")
MOST_JOBS = 1_000

_NUMBERS = ("queued_seconds", "ran_seconds", "node_hours_used", "node_hours_requested")


def find(folder: Path = SESSIONS) -> Optional[Path]:
    """The file of the newest session in a folder of sessions, or None."""
    return max(folder.glob(f"*/{FILE}"), key=lambda file: (file.stat().st_mtime, file.name), default=None)


def beside(places: Sequence[Path]) -> Optional[Path]:
    """The file of the newest session in the `.pjm` of this folder, else of the folders that contain runs."""
    folders = dict.fromkeys((SESSIONS, *(place.absolute().parent / SESSIONS for place in places)))
    return next((file for file in map(find, folders) if file is not None), None)


def read(place: Path, problems: Problems) -> Jobs:
    """The jobs of a session; an invalid job goes to ``problems``.

    Args:
        place: jobs.json, the folder of its session, or a folder of sessions, from which the newest is taken.
        problems: collects errors of single jobs.

    Raises:
        BadInput: the file is missing, truncated or of a newer schema.
    """
    file = _file(place)
    fields = read_json(file, SCHEMA, "session of jobs", MAKE)
    jobs, session = fields.get("jobs"), fields.get("session")
    if not isinstance(jobs, list):
        raise BadInput(f"{file} has no list of jobs", "jobs.json lists each part of each job", MAKE)
    valid: List[Job] = []
    for number, job in enumerate(jobs[:MOST_JOBS], start=1):
        with problems.leaving_out():
            valid.append(_job(file, number, job))
    return Jobs(
        file=str(file),
        session=session if isinstance(session, str) else "",
        jobs=valid,
        left_out=len(jobs) - len(valid),
        node_hours_used=sum(job.node_hours_used for job in valid),
        node_hours_requested=sum(job.node_hours_requested for job in valid),
    )


def _file(place: Path) -> Path:
    if not place.is_dir():
        return place
    file = place / FILE
    return file if file.exists() else find(place) or file


def _job(file: Path, number: int, job: Any) -> Job:
    try:
        return Job(
            name=str(job["name"]),
            state=str(job["state"]),
            **{name: float(job[name] or 0.0) for name in _NUMBERS},
            id="" if job["id"] is None else str(job["id"]),
            part=int(job["part"]),
            outcome="" if job["outcome"] is None else str(job["outcome"]),
            nodes=int(job["nodes"]),
            elapse_limit_seconds=float(job["elapse_limit_seconds"]),
            retry=bool(job["retry"]),
            tests=len(job["tests"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file}: job {number} is not whole",
            f"the page shows name, id, state, times and node-hours of each: {type(error).__name__}: {error}",
            f"{MAKE}, which writes one for its own session",
        ) from error
