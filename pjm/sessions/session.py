"""A session's folder: what was submitted, so that a client that died can come back; `jobs.json` for others to read."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pjm
from pjm import suggest as advice
from pjm.errors import BadInput
from pjm.files import append_whole, drop_torn_line, try_lock, write_json

SCHEMA = 1
SESSION, JOURNAL, JOBS, LOCK, LIVE = "session.json", "journal.jsonl", "jobs", "lock", "jobs.json"
_ATTEMPTS = 10

Record = Dict[str, Any]


@dataclass
class Session:
    """One session's folder, which this process alone may write while it holds the lock.

    Attributes:
        folder: absolute.
        facts: what session.json says: arguments, checkout, versions.
    """

    folder: Path
    facts: Record
    _lock: int = -1
    _journal: int = -1

    @property
    def identity(self) -> str:
        """What the user calls it."""
        return self.folder.name

    @property
    def artifacts(self) -> Path:
        """Files that tests leave for others."""
        return self.folder / "artifacts"

    def job_folder(self, name: str) -> Path:
        """Where a job's scripts, events and outputs are."""
        return self.folder / JOBS / name

    def note(self, event: str, **fields: object) -> None:
        """Append to the journal; it is on the disk when this returns.

        Raises:
            OSError: it could not be written; the journal is as it was.
        """
        line = json.dumps({"event": event, "time": time.time(), **fields}, separators=(",", ":"))
        if self._journal < 0:
            self._journal = os.open(
                str(self.folder / JOURNAL), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
            )
            drop_torn_line(self._journal)
        append_whole(self._journal, line.encode("ascii") + b"\n")
        os.fsync(self._journal)

    def journal(self) -> List[Record]:
        """All that was noted; a last line that was cut off is left out.

        Raises:
            BadInput: another line, or the file, cannot be read.
        """
        path = self.folder / JOURNAL
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise corrupt(path, f"the file cannot be read: {error.strerror}") from error
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
        write_json(self.folder / LIVE, document, lasting=False)  # half a second later there is another one

    @contextlib.contextmanager
    def writing(self, dry: bool = False) -> Iterator[None]:
        """Around what writes files of the session, and nothing else: what is on the disk stays whole.

        Args:
            dry: it is a dry run's, which cannot be resumed.

        Raises:
            BadInput: a file cannot be written.
        """
        try:
            yield
        except OSError as error:
            then = "type the same again" if dry else f"come back with: {advice.resume(self.folder)}"
            raise BadInput(
                f"session {self.identity} cannot go on",
                f"a file cannot be written: {error.strerror}: {error.filename or self.folder}",
                f"look at the space and the quota there; then {then}",
            ) from error

    def lock(self) -> None:
        """Keep other clients out until this process ends.

        Raises:
            BadInput: one is in already, or there is no locking here.
        """
        path = self.folder / LOCK
        try:
            self._lock = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not _lock_soon(self._lock):
                raise self._in_use()
            path.stat()  # or else the session was removed while we opened it
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
        """Let others in."""
        for handle in (self._journal, self._lock):
            if handle >= 0:
                os.close(handle)
        self._journal = self._lock = -1


def _lock_soon(handle: int) -> bool:
    """Lock an open file; whether nobody else has, but for the moment that it takes to see whether it is in use."""
    for _ in range(_ATTEMPTS):
        # Not inherited: a child that outlives this client must not keep the next one out.
        if try_lock(handle, inherited=False):
            return True
        time.sleep(0.1)
    return False


def _not_locked(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"session {path.parent.name} cannot be locked",
        f"{error.strerror}: {path}",
        f"type: {advice.pjm('sessions', path.parent.parent)}"
        if isinstance(error, FileNotFoundError)
        else "name a folder that is yours, on a file system that locks files: --fugaku-workdir=DIR",
    )


def read_facts(folder: Path) -> Record:
    """What session.json says.

    Raises:
        BadInput: it is corrupt, somebody else's, or of a newer version.
    """
    path = folder / SESSION
    try:
        owner, data = path.stat().st_uid, path.read_bytes()
    except FileNotFoundError as error:
        raise corrupt(path, "the file is missing") from error
    except OSError as error:
        raise corrupt(path, f"the file cannot be read: {error.strerror}") from error
    if owner != os.getuid():
        raise BadInput(
            f"session {folder.name} is somebody else's",
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


def corrupt(path: Path, why: str) -> BadInput:
    """What to say of a file of a session that cannot be read."""
    remove = advice.pjm(f"clean --force {path.parent.name}", path.parent.parent)
    return BadInput(f"{path} is corrupt", why, f"remove it and start anew: {remove}")
