"""Reads the `jobs.json` that batch jobs left, with their scripts and the last words of their logs.

The file is all that this package knows of jobs: whoever wrote it is no import of ours.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.json import read_json
from mnist_repro.runs.problems import Problems

FILE = "jobs.json"
SCHEMA = 1
MAKE = "pytest --fugaku"
SESSIONS = Path(".pjm")
LOG_LINES = 40
LOG_CHARACTERS = 4_000
SCRIPT_CHARACTERS = 8_000
# Of scripts and logs together: a page of hundreds of jobs must stay one that a phone opens.
MOST_CHARACTERS = 600_000
MOST_JOBS = 1_000
MOST_TESTS = 200

_TEXTS = ("name", "state")
_NUMBERS = ("queued_seconds", "ran_seconds", "node_hours_used", "node_hours_requested")


def find(folder: Path = SESSIONS) -> Optional[Path]:
    """The file of the newest session in a folder that keeps sessions, if there is one."""
    return max(folder.glob(f"*/{FILE}"), key=lambda file: (file.stat().st_mtime, file.name), default=None)


def beside(places: Sequence[Path]) -> Optional[Path]:
    """The newest session's file in the `.pjm` of this folder, else of the folders that runs lie in."""
    folders = dict.fromkeys((SESSIONS, *(place.absolute().parent / SESSIONS for place in places)))
    return next((file for file in map(find, folders) if file is not None), None)


def read(place: Path, problems: Problems) -> Dict[str, Any]:
    """The jobs of a session; a job that makes no sense goes to ``problems``.

    Args:
        place: jobs.json, the folder of its session, or the folder that keeps sessions, of which the newest counts.
        problems: takes what is wrong with single jobs.

    Raises:
        BadInput: the file is missing, truncated or of a newer schema.
    """
    file = _file(place)
    fields = read_json(file, SCHEMA, "session of jobs", MAKE)
    jobs, session = fields.get("jobs"), fields.get("session")
    if not isinstance(jobs, list):
        raise BadInput(f"{file} has no list of jobs", "jobs.json lists each part of each job", MAKE)
    texts = _Texts(file.parent / "jobs")
    told = []
    for number, job in enumerate(jobs[:MOST_JOBS], start=1):
        with problems.leaving_out():
            told.append(_job(file, number, job, texts))
    return {
        "file": str(file),
        "session": session if isinstance(session, str) else "",
        "jobs": told,
        "left_out": len(jobs) - len(told),
        "silent": texts.silent,
        "node_hours_used": sum(job["node_hours_used"] for job in told),
        "node_hours_requested": sum(job["node_hours_requested"] for job in told),
    }


def _file(place: Path) -> Path:
    if not place.is_dir():
        return place
    own = place / FILE
    return own if own.exists() else find(place) or own


def _job(file: Path, number: int, job: Any, texts: _Texts) -> Dict[str, Any]:
    try:
        tests = [str(test) for test in job["tests"]]
        return {
            **{name: str(job[name]) for name in _TEXTS},
            **{name: float(job[name] or 0.0) for name in _NUMBERS},
            "id": "" if job["id"] is None else str(job["id"]),
            "part": int(job["part"]),
            "outcome": "" if job["outcome"] is None else str(job["outcome"]),
            "nodes": int(job["nodes"]),
            "elapse_limit_seconds": float(job["elapse_limit_seconds"]),
            "retry": bool(job["retry"]),
            "tests": tests[:MOST_TESTS],
            "tests_count": len(tests),
            "texts": texts.of(str(job["name"]), int(job["part"])),
        }
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{file}: job {number} is not whole",
            f"the page shows name, id, state, times and node-hours of each: {type(error).__name__}: {error}",
            f"{MAKE}, which writes the file anew",
        ) from error


class _Texts:
    """Scripts and logs in a session's folder, as far as there is room on the page."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._room = MOST_CHARACTERS
        self.silent = 0

    def of(self, name: str, part: int) -> List[Mapping[str, str]]:
        """The texts of a part of a job: file, what it is, and its end."""
        # A name from a file must not lead out of the folder.
        if not name or name in (".", "..") or Path(name).name != name or "\0" in name:
            return []
        folder = self._folder / name
        texts: List[Mapping[str, str]] = []
        # The parts of a bulk job share one script.
        own = f"script-{part}.sh"
        # Not Path.exists, which fails on a name that is too long.
        script = own if os.path.exists(str(folder / own)) else "script-0.sh"  # noqa: PTH110
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
                texts.append({"file": pattern, "kind": kind, "text": text})
        return texts


def _end_of(file: Path, characters: int, lines: Optional[int]) -> str:
    """The last so many characters and lines of a regular file; nothing of any other."""
    try:
        # Neither links, which may lead anywhere, nor pipes, which wait for a writer.
        handle = os.open(str(file), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return ""
    with os.fdopen(handle, "rb") as opened:
        found = os.fstat(opened.fileno())
        if not stat.S_ISREG(found.st_mode):
            return ""
        opened.seek(max(0, found.st_size - 4 * characters))
        text = opened.read(4 * characters).decode("utf-8", "replace")[-characters:]
    return text if lines is None else "\n".join(text.splitlines()[-lines:])
