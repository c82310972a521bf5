"""The database of an emulator's jobs, one SQLite file: a process that dies during a change has changed nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

WHOLE = -1
"""Number of the row that stands for a whole job; the others are its sub jobs."""
ENDED = ("EXT", "CCL", "RJT")
# States in which a job has nodes.
ON_NODES = ("RNA", "RNP", "RUN", "RNE", "RNO")
PATIENCE = 30.0

Key = Tuple[int, int]


@dataclass
class Job:
    """A normal job, a whole step or bulk job, or one sub job of either. Times are seconds since the epoch.

    Attributes:
        jid, sub: number of the job, and number of the sub job; sub is WHOLE for the job itself.
        model: NM, BU or ST.
        st, lst: state, and the state before it.
        ec, pc, sn: exit code, PJM code and signal.
        over: when the whole job ended, its sub jobs included; None before. Sub jobs move to the history together.
        visible: the time from which the default view shows the job.
        history: seconds after ``over`` until the history shows the job.
        elapse: limit in PJM's seconds; None for a whole step job.
        due: when the daemon must look at the job again; None if nothing happens by itself.
        wish: a user's request that the daemon has not carried out yet: "delete", "hold" or "".
        spec: how the job was submitted, see `pjm.emulator.commands.request`; empty for the sub jobs of a bulk job.
        faults: the faults of the job, see `pjm.emulator.machine.faults`.
        usage: what the job used, once it has ended.
    """

    jid: int
    sub: int
    model: str
    name: str
    usr: str
    grp: str
    st: str = "ACC"
    lst: str = "-"
    ec: int = 0
    pc: int = 0
    sn: int = 0
    reason: str = ""
    accepted: float = 0.0
    queued: Optional[float] = None
    planned: Optional[float] = None
    started: Optional[float] = None
    ended: Optional[float] = None
    deleted: Optional[float] = None
    over: Optional[float] = None
    visible: float = 0.0
    history: float = 0.0
    linger: float = 0.0
    nodes: Optional[int] = 1
    elapse: Optional[int] = None
    rscunit: str = ""
    rscgrp: str = ""
    priority: int = 127
    retry: int = 0
    held: int = 0
    holder: str = ""
    due: Optional[float] = None
    wish: str = ""
    wish_text: str = ""
    wish_user: str = ""
    spec: Dict[str, object] = field(default_factory=dict)
    faults: List[Dict[str, object]] = field(default_factory=list)
    usage: Dict[str, object] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """The key of the job in the database."""
        return (self.jid, self.sub)

    @property
    def id(self) -> str:
        """The id that the user sees: `12`, `12[3]` or `12_3`."""
        if self.sub == WHOLE:
            return str(self.jid)
        return f"{self.jid}[{self.sub}]" if self.model == "BU" else f"{self.jid}_{self.sub}"

    @property
    def is_parent(self) -> bool:
        """Whether the job is the parent of sub jobs, and runs nothing itself."""
        return self.sub == WHOLE and self.model in ("BU", "ST")

    @property
    def has_ended(self) -> bool:
        """Whether the job is in a final state."""
        return self.st in ENDED

    @property
    def run(self) -> str:
        """The name of the folder of its current or next start."""
        return f"{self.jid}.{self.sub}.{self.retry}" if self.sub != WHOLE else f"{self.jid}.{self.retry}"

    def move(self, state: str, reason: str = "") -> None:
        """Enter a state."""
        self.lst, self.st, self.reason, self.due = self.st, state, reason, None


COLUMNS = tuple(entry.name for entry in dataclasses.fields(Job))
AS_JSON = ("spec", "faults", "usage")


class Store:
    """An open database of jobs; as a context manager, it is closed at the end of the block."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(str(path), timeout=PATIENCE, isolation_level=None)
        try:
            # Safe when a process is killed. Only a crash of the machine could lose data, and would end all jobs anyway.
            self.connection.execute("PRAGMA synchronous = OFF")
            if not self.connection.execute("SELECT name FROM sqlite_master WHERE name = 'job'").fetchone():
                self._make()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def _make(self) -> None:
        self.connection.execute("PRAGMA journal_mode = WAL")
        with self.changing():
            self.connection.execute(
                f"CREATE TABLE IF NOT EXISTS job ({', '.join(COLUMNS)}, PRIMARY KEY (jid, sub)) WITHOUT ROWID"
            )
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_state ON job (st, over)")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_end ON job (over)")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_name ON job (name)")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_due ON job (due) WHERE due IS NOT NULL")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_wish ON job (wish) WHERE wish != ''")
            self.connection.execute("CREATE TABLE IF NOT EXISTS counter (name PRIMARY KEY, value) WITHOUT ROWID")

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction: no other process can change the database, and an exception undoes all changes."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def next(self, counter: str, first: int = 1) -> int:
        """The next number of a counter. Call it in `changing`."""
        row = self.connection.execute("SELECT value FROM counter WHERE name = ?", (counter,)).fetchone()
        number = int(row[0]) if row else first
        self.connection.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (counter, number + 1))
        return number

    def put(self, jobs: Sequence[Job]) -> None:
        """Add or replace jobs."""
        marks = ", ".join("?" * len(COLUMNS))
        self.connection.executemany(f"INSERT OR REPLACE INTO job VALUES ({marks})", [_row(job) for job in jobs])  # noqa: S608

    def remove(self, key: Key) -> None:
        """Remove a job from the database."""
        self.connection.execute("DELETE FROM job WHERE jid = ? AND sub = ?", key)

    def select(self, where: str, values: Sequence[object] = ()) -> List[Job]:
        """The jobs that meet a condition in SQL (never a user's text), ordered by id unless it has an ORDER BY."""
        order = "" if "ORDER BY" in where else " ORDER BY jid, sub"
        selected = f"SELECT {', '.join(COLUMNS)} FROM job WHERE {where}{order}"  # noqa: S608
        rows = self.connection.execute(selected, [_stored(value) for value in values])
        return [_job(row) for row in rows]

    def get(self, jid: int, sub: int = WHOLE) -> Optional[Job]:
        """One job; None if it does not exist."""
        jobs = self.select("jid = ? AND sub = ?", (jid, sub))
        return jobs[0] if jobs else None

    def subs(self, jid: int) -> List[Job]:
        """The sub jobs of a job."""
        return self.select("jid = ? AND sub != ?", (jid, WHOLE))

    def count(self, where: str, values: Sequence[object] = ()) -> int:
        """How many jobs meet a condition in SQL."""
        counted = f"SELECT COUNT(*) FROM job WHERE {where}"  # noqa: S608
        return int(self.connection.execute(counted, [_stored(value) for value in values]).fetchone()[0])

    def spec(self, job: Job) -> Mapping[str, object]:
        """How a job was submitted; for a sub job of a bulk job, this is stored with its parent."""
        if job.spec or job.sub == WHOLE:
            return job.spec
        whole = self.get(job.jid)
        return whole.spec if whole else {}


def _row(job: Job) -> Tuple[object, ...]:
    return tuple(
        json.dumps(getattr(job, name))
        if name in AS_JSON and getattr(job, name)
        else getattr(job, name) or None
        if name in AS_JSON
        else _stored(getattr(job, name))
        for name in COLUMNS
    )


def _stored(value: object) -> object:
    """Convert text that is not UTF-8 to bytes, because SQLite refuses it. File names may be such text."""
    if not isinstance(value, str):
        return value
    as_bytes = value.encode("utf-8", "surrogateescape")
    try:
        as_bytes.decode("utf-8")
    except UnicodeDecodeError:
        return as_bytes
    return value


def _read(value: object) -> object:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _job(row: Sequence[object]) -> Job:
    values = {name: _read(value) for name, value in zip(COLUMNS, row)}
    for name in AS_JSON:
        text = values[name]
        values[name] = json.loads(text) if isinstance(text, str) else ([] if name == "faults" else {})
    return Job(**values)  # type: ignore[arg-type]  # the columns are the fields
