"""The folder of all sessions: creates new sessions and finds existing ones."""

from __future__ import annotations

import re
import secrets
import shlex
import stat
import time
from pathlib import Path
from typing import List, Mapping, Optional

import pjm
from pjm import suggest
from pjm.errors import BadInput
from pjm.files import writable_by_others, write_json
from pjm.sessions.session import JOBS, SCHEMA, SESSION, Session, read_facts

IDENTITY = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}", re.ASCII)


def create(workdir: Path, facts: Mapping[str, object]) -> Session:
    """Create a session and lock it.

    Raises:
        BadInput: the folder cannot be written.
    """
    identity = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    folder = workdir / identity
    make_workdir(workdir)
    try:
        folder.mkdir(mode=0o700)
        (folder / JOBS).mkdir(mode=0o700)
        session = Session(folder, {"schema": SCHEMA, "pjm": pjm.__version__, "created": time.time(), **facts})
        session.artifacts.mkdir(mode=0o700)
        session.lock()
        write_json(folder / SESSION, session.facts)
    except OSError as error:
        raise _not_kept(workdir, error) from error
    return session


def make_workdir(workdir: Path) -> None:
    """Make the folder of all sessions, private to its owner, unless it exists.

    Raises:
        BadInput: the folder cannot be made.
    """
    try:
        workdir.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(workdir)
        ignored = workdir / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _not_kept(workdir, error) from error


def check_private(workdir: Path) -> None:
    """Check that no other user can replace the folder of a session by another one.

    Raises:
        BadInput: other users may write to the folder of all sessions.
    """
    mode = stat.S_IMODE(workdir.stat().st_mode)
    if writable_by_others(workdir):
        raise BadInput(
            f"no session can be kept in {workdir}",
            f"its mode is {mode:o}: others may write to it, and could have your jobs run what they like",
            f"type: chmod go-w {shlex.quote(str(workdir))}; or name another folder: --fugaku-workdir=DIR",
        )


def _not_kept(workdir: Path, error: OSError) -> BadInput:
    return BadInput(
        f"no session can be kept in {workdir}",
        f"{error.strerror}: {error.filename}",
        "name a folder that you can write to and the compute nodes can see: --fugaku-workdir=DIR",
    )


def find(workdir: Path, identity: Optional[str]) -> Session:
    """Find an existing session, by default the latest one that submitted jobs. It is not locked.

    Raises:
        BadInput: the session does not exist, is corrupt, belongs to another user or is of a newer version.
    """
    listing = suggest.pjm("sessions", workdir)
    if identity is not None and not IDENTITY.fullmatch(identity):
        raise BadInput(f"{identity!r} is no session", "one is called like 20260102-030405-0a1b", f"type: {listing}")
    known = identities(workdir)
    if identity is None:
        known = [name for name in known if _has_jobs(workdir / name)]
    if not known or (identity is not None and identity not in known):
        raise BadInput(
            f"there is no session {identity}" if identity else "there is no session that submitted jobs",
            f"looked in {workdir}, where {len(known)} are kept" if identity else f"looked in {workdir}",
            f"type: {listing}; or start one with: pytest --fugaku",
        )
    folder = workdir / (identity or known[-1])
    return Session(folder, read_facts(folder))


def identities(workdir: Path) -> List[str]:
    """The IDs of the sessions in a folder, the oldest first.

    Raises:
        BadInput: `workdir` is not a folder, or cannot be read.
    """
    try:
        names = [path.name for path in workdir.iterdir() if IDENTITY.fullmatch(path.name) and path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInput(
            f"{workdir} cannot be looked into for sessions",
            str(error.strerror),
            "name the folder where they are kept: --workdir=DIR for pjm, --fugaku-workdir=DIR for pytest",
        ) from error
    return sorted(names, key=lambda name: (_created(workdir / name), name))


def _has_jobs(folder: Path) -> bool:
    """Whether jobs were planned, which a dry run does not do. True if the folder cannot be read."""
    try:
        session = Session(folder, read_facts(folder))
        return any(record["event"] == "planned" for record in session.journal())
    except BadInput:
        return True


def _created(folder: Path) -> float:
    try:
        return (folder / SESSION).stat().st_mtime
    except OSError:
        return 0.0
