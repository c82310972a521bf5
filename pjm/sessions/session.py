"""A session's folder: the journal, from which another client can resume, and `jobs.json` for other programs."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional

import pjm
from pjm import suggest
from pjm.errors import BadInput
from pjm.files import append_whole, drop_torn_line, try_lock, write_whole
from pjm.sessions.collected import Collected

SCHEMA = 1
SESSION, JOURNAL, JOBS, LOCK, LIVE = "session.json", "journal.jsonl", "jobs", "lock", "jobs.json"
_ATTEMPTS = 10

Record = Dict[str, Any]


@dataclass
class Session:
    """The folder of one session. Only the process that holds the lock may write to it.

    Attributes:
        folder: the path, absolute.
        facts: the content of session.json: arguments, checkout, versions.
        collected: a copy of all events that a client has read.
    """

    folder: Path
    facts: Record
    _lock: int = -1
    _journal: int = -1

    def __post_init__(self) -> None:
        self.collected = Collected(self.folder)

    @property
    def identity(self) -> str:
        """The ID of the session."""
        return self.folder.name

    @property
    def artifacts(self) -> Path:
        """The folder of the files that tests leave for other tests."""
        return self.folder / "artifacts"

    def job_folder(self, name: str) -> Path:
        """The folder of a job's scripts, events and outputs."""
        return self.folder / JOBS / name

    def note(self, event: str, **fields: object) -> None:
        """Append a record to the journal; the record is on the disk when this returns.

        Raises:
            OSError: the record could not be written; the journal is unchanged.
        """
        self.note_all(event, [fields])

    def note_all(self, event: str, records: Iterable[Mapping[str, object]]) -> None:
        """Append several records with one write; otherwise as `note`."""
        lines = [json.dumps({"event": event, "time": time.time(), **each}, separators=(",", ":")) for each in records]
        if not lines:
            return
        if self._journal < 0:
            self._journal = os.open(
                str(self.folder / JOURNAL), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            drop_torn_line(self._journal)
        append_whole(self._journal, "".join(f"{line}\n" for line in lines).encode("ascii"))
        os.fsync(self._journal)

    def journal(self) -> List[Record]:
        """All records of the journal; an incomplete last line is left out.

        Raises:
            BadInput: the file, or a line other than the last, cannot be read.
        """
        path = self.folder / JOURNAL
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(path, error) from error
        records: List[Record] = []
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            record = _object(line)
            if record is None or not isinstance(record.get("event"), str):
                if number >= len(lines) - 1:
                    continue
                raise corrupt(path, f"line {number} is no record of this program")
            records.append(record)
        return records

    def write_live(self, jobs: List[Record]) -> None:
        """Replace jobs.json."""
        document = {"schema": SCHEMA, "session": self.identity, "time": time.time(), "jobs": jobs}
        # Not lasting: it is soon replaced by the next one. Not indented: that would take ten times as long.
        write_whole(self.folder / LIVE, json.dumps(document) + "\n", lasting=False)

    @contextlib.contextmanager
    def writing(self, dry: bool = False) -> Iterator[None]:
        """Turn a failed write in the session folder into a message for the user. Wrap only such writes in it.

        The session of a dry run cannot be resumed.

        Raises:
            BadInput: a file cannot be written. What was written before is intact.
        """
        try:
            yield
        except OSError as error:
            then = "type the same again" if dry else f"continue with: {suggest.resume(self.folder)}"
            raise BadInput(
                f"session {self.identity} cannot go on",
                f"a file cannot be written: {error.strerror}: {error.filename or self.folder}",
                f"look at the space and the quota there; then {then}",
            ) from error

    def lock(self) -> None:
        """Lock the session against other clients until this process ends.

        Raises:
            BadInput: another client has locked it, or the file system cannot lock files.
        """
        path = self.folder / LOCK
        try:
            self._lock = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not _lock_soon(self._lock):
                raise self._in_use()
            path.stat()  # fails if the session was removed while we opened the file
        except OSError as error:
            self.close()
            raise _not_locked(path, error) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)

    def _in_use(self) -> BadInput:
        holder = os.pread(self._lock, 200, 0).decode("utf-8", "replace").strip()
        self.close()
        return BadInput(
            f"session {self.identity} is in use",
            f"another pytest follows it: {holder or 'unknown'}",
            "wait for that one to end, or end it; it loses nothing",
        )

    def close(self) -> None:
        """Unlock the session."""
        self.collected.close()
        for handle in (self._journal, self._lock):
            if handle >= 0:
                os.close(handle)
        self._journal = self._lock = -1


def _lock_soon(handle: int) -> bool:
    """Lock an open file and return whether that worked. Wait a moment if others only check whether it is locked."""
    for _ in range(_ATTEMPTS):
        # Not inherited: a child process that outlives this client must not keep the next client out.
        if try_lock(handle, inherited=False):
            return True
        time.sleep(0.1)
    return False


def _not_locked(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"session {path.parent.name} cannot be locked",
        f"{error.strerror}: {path}",
        f"type: {suggest.pjm('sessions', path.parent.parent)}"
        if isinstance(error, FileNotFoundError)
        else "name a folder that is yours, on a file system that locks files: --fugaku-workdir=DIR for pytest, "
        "--workdir=DIR for pjm",
    )


def read_facts(folder: Path) -> Record:
    """Read session.json.

    Raises:
        BadInput: the file is corrupt, belongs to another user, or is of a newer version.
    """
    path = folder / SESSION
    try:
        owner, data = path.stat().st_uid, path.read_bytes()
    except FileNotFoundError as error:
        raise corrupt(path, "the file is missing") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if owner != os.getuid():
        raise BadInput(
            f"session {folder.name} belongs to another user",
            f"{path} belongs to user {owner}, and you are {os.getuid()}",
            "start a session of your own: pytest --fugaku",
        )
    facts = _object(data)
    if facts is None or not isinstance(facts.get("schema"), int):
        raise corrupt(path, "it is no JSON object with a schema")
    if facts["schema"] > SCHEMA:
        raise BadInput(
            f"session {folder.name} is of a newer version",
            f"its schema is {facts['schema']} (pjm {facts.get('pjm', '?')}); pjm {pjm.__version__} knows {SCHEMA}",
            "use that version of pjm, or start a new session",
        )
    if not isinstance(facts.get("arguments"), list) or not isinstance(facts.get("checkout"), dict):
        raise corrupt(path, "arguments or checkout are missing")
    return facts


def _object(data: bytes) -> Optional[Record]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unreadable(path: Path, error: OSError) -> BadInput:
    """The error for a file of a session that is there and cannot be read: nothing says that its content is damaged."""
    return BadInput(
        f"session {path.parent.name} cannot be read now",
        f"{error.strerror}: {path}",
        f"see whose it is: ls -ld {shlex.quote(str(path.parent))}; if it is yours, type the same again: on a shared "
        "file system this may pass",
    )


def corrupt(path: Path, why: str) -> BadInput:
    """The error for a file of a session that cannot be read."""
    return BadInput(f"{path} is corrupt", why, removal(path.parent))


def removal(folder: Path) -> str:
    """What to do about a damaged session. The command does not delete its jobs, and loses their results."""
    command = suggest.pjm(f"clean --force {folder.name}", folder.parent)
    return f"delete those of its jobs that still run, then remove it and start again: {command}"
