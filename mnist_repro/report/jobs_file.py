"""Reads the `jobs.json` of a session of batch jobs, with the jobs' scripts and the last lines of their logs.

This package knows jobs only through this file and does not import the package that writes it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, List, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.report.values import Job, Jobs, JobText
from mnist_repro.runs.problems import Problems

FILE = "jobs.json"
SCHEMA = 1
MAKE = "pytest --fugaku"
SESSIONS = Path(".pjm")
LOG_LINES = 40
LOG_CHARACTERS = 4_000
SCRIPT_CHARACTERS = 8_000
# Limit for scripts and logs together, so that a phone can open a page with hundreds of jobs.
MOST_CHARACTERS = 600_000
MOST_JOBS = 1_000
MOST_TESTS = 200

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
    texts = _Texts(file.parent / "jobs")
    valid: List[Job] = []
    for number, job in enumerate(jobs[:MOST_JOBS], start=1):
        with problems.leaving_out():
            valid.append(_job(file, number, job, texts))
    return Jobs(
        file=str(file),
        session=session if isinstance(session, str) else "",
        jobs=valid,
        left_out=len(jobs) - len(valid),
        silent=texts.silent,
        node_hours_used=sum(job.node_hours_used for job in valid),
        node_hours_requested=sum(job.node_hours_requested for job in valid),
    )


def _file(place: Path) -> Path:
    if not place.is_dir():
        return place
    file = place / FILE
    return file if file.exists() else find(place) or file


def _job(file: Path, number: int, job: Any, texts: _Texts) -> Job:
    try:
        tests = [str(test) for test in job["tests"]]
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
            tests=tests[:MOST_TESTS],
            tests_count=len(tests),
            texts=texts.of(str(job["name"]), int(job["part"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file}: job {number} is not whole",
            f"the page shows name, id, state, times and node-hours of each: {type(error).__name__}: {error}",
            f"{MAKE}, which writes the file again",
        ) from error


class _Texts:
    """Scripts and logs in a session's folder, until the page is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = MOST_CHARACTERS
        self.silent = 0

    def of(self, name: str, part: int) -> List[JobText]:
        """The texts of a part of a job."""
        # A name from a file must not lead out of the folder.
        if not name or name in (".", "..") or Path(name).name != name or "\0" in name:
            return []
        folder = self._folder / name
        texts: List[JobText] = []
        # The parts of a bulk job share one script.
        own_script = f"script-{part}.sh"
        # Not `Path.exists`: it fails on a name that is too long.
        script = own_script if os.path.exists(str(folder / own_script)) else "script-0.sh"  # noqa: PTH110
        for pattern, kind, most in (
            (script, "script", SCRIPT_CHARACTERS),
            (f"share-{part}.out", "log", LOG_CHARACTERS),
            (f"share-{part}.err", "log", LOG_CHARACTERS),
        ):
            text = _end_of(folder / pattern, most, lines=LOG_LINES if kind == "log" else None)
            if text and len(text) > self._room:
                self.silent += 1
            elif text:
                self._room -= len(text)
                texts.append(JobText(pattern, kind, text))
        return texts


def _end_of(file: Path, characters: int, lines: Optional[int]) -> str:
    """At most the last ``characters`` and ``lines`` of a regular file; empty for any other file."""
    try:
        # Links are refused, because they may lead anywhere, and pipes, because they wait for a writer.
        handle = os.open(str(file), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    with os.fdopen(handle, "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            return ""
        opened.seek(max(0, status.st_size - 4 * characters))
        text = opened.read(4 * characters).decode("utf-8", "replace")[-characters:]
    return text if lines is None else "\n".join(text.splitlines()[-lines:])
