"""The database of an emulator's jobs, one SQLite file: a process that dies during a change has changed nothing."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from pjm.errors import BadInput

WHOLE = -1
"""Number of the row that stands for a whole job; the others are its sub jobs."""
ENDED = ("EXT", "CCL", "RJT")
# States in which a job has nodes.
ON_NODES = ("RNA", "RNP", "RUN", "RNE", "RNO")
PATIENCE = 30.0
# Conditions in SQL: a job that is the parent of sub jobs, and a step that must wait for an earlier one.
PARENT = f"(sub = {WHOLE} AND model != 'NM')"
EARLIER_STEP = (
    "(model = 'ST' AND EXISTS (SELECT 1 FROM job AS earlier WHERE earlier.jid = job.jid AND earlier.sub >= 0 "
    "AND earlier.sub < job.sub AND earlier.state NOT IN ('EXT', 'CCL', 'RJT')))"
)

Key = Tuple[int, int]


class Job:
    """A normal job, a whole step or bulk job, or one sub job of either. Times are seconds since the epoch.

    Attributes:
        jid, sub: number of the job, and number of the sub job; sub is WHOLE for the job itself.
        model: NM, BU or ST.
        user, group: owner of the job, and the group to charge.
        state, last_state: state, and the state before it.
        ec, pc, sn: exit code, PJM code and signal.
        whole_ended: when the whole job ended, its sub jobs included; None before. Then all move to the history.
        visible: the time from which the default view shows the job.
        history: seconds after ``whole_ended`` until the history shows the job.
        elapse: limit in PJM's seconds; None for a whole step job.
        due: when the daemon must look at the job again; None if nothing happens by itself.
        held: how often its owner held it.
        wish: the owner's request that the daemon has not carried out yet: "delete", "hold" or "".
        wish_text: the reason that the owner gave.
        spec: how the job was submitted, see `pjm.emulator.commands.submission`.
        faults: the faults of the job, see `pjm.emulator.machine.faults`.
        usage: what the job used, once it has ended.
    """

    # No dataclass: importing `dataclasses` would take a fifth of the time of each command.
    jid: int
    sub: int
    model: str
    name: str
    user: str
    group: str
    state: str = "ACC"
    last_state: str = "-"
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
    whole_ended: Optional[float] = None
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
    due: Optional[float] = None
    wish: str = ""
    wish_text: str = ""
    spec: Dict[str, Any]
    faults: List[Dict[str, Any]]
    usage: Dict[str, Any]

    def __init__(self, jid: int, sub: int, model: str, name: str, user: str, group: str, **others: object) -> None:
        self.jid, self.sub, self.model, self.name, self.user, self.group = jid, sub, model, name, user, group
        self.spec, self.faults, self.usage = {}, [], {}
        for attribute, value in others.items():
            if attribute not in Job.__annotations__:
                raise TypeError(f"a job has no {attribute}")
            setattr(self, attribute, value)

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
        return self.state in ENDED

    @property
    def run(self) -> str:
        """The name of the folder of its current or next start."""
        return f"{self.jid}.{self.sub}.{self.retry}" if self.sub != WHOLE else f"{self.jid}.{self.retry}"

    def move(self, state: str, reason: str = "") -> None:
        """Enter a state."""
        self.last_state, self.state, self.reason, self.due = self.state, state, reason, None


COLUMNS = tuple(Job.__annotations__)
# In SQL, in brackets, because GROUP is a word of its own there. Not in quotation marks: SQLite takes a quoted name that
# is no column for a text.
NAMES = ", ".join(f"[{name}]" for name in COLUMNS)
AS_JSON = ("spec", "faults", "usage")


class Store:
    """An open database of jobs; as a context manager, it is closed at the end of the block."""

    def __init__(self, path: Path) -> None:
        import sqlite3  # here, because some builds of Python lack it, and only an emulator needs it

        self.connection = sqlite3.connect(str(path), timeout=PATIENCE, isolation_level=None)
        try:
            # Safe when a process is killed. Only a crash of the machine could lose data, and would end all jobs anyway.
            self.connection.execute("PRAGMA synchronous = OFF")
            # The look is within the lock: a reader, too, makes the change of the journal mode fail.
            with _alone(path.parent):
                columns = tuple(str(row[1]) for row in self.connection.execute("PRAGMA table_info(job)"))
                if not columns:
                    self._make()
            if columns and columns != COLUMNS:
                raise BadInput(
                    f"the jobs in {path} were written by another version of pjm",
                    f"other columns: {', '.join(sorted(set(columns) ^ set(COLUMNS))) or 'their order'}",
                    f"name another folder, or remove this one: rm -r {shlex.quote(str(path.parent))}",
                )
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
            self.connection.execute(f"CREATE TABLE IF NOT EXISTS job ({NAMES}, PRIMARY KEY (jid, sub)) WITHOUT ROWID")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_state ON job (state, whole_ended)")
            self.connection.execute("CREATE INDEX IF NOT EXISTS by_end ON job (whole_ended)")
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
        added = f"INSERT OR REPLACE INTO job VALUES ({_marks(COLUMNS)})"  # noqa: S608
        self.connection.executemany(added, [_row(job) for job in jobs])

    def remove(self, key: Key) -> None:
        """Remove a job from the database."""
        self.connection.execute("DELETE FROM job WHERE jid = ? AND sub = ?", key)

    def get(self, jid: int, sub: int = WHOLE) -> Optional[Job]:
        """One job; None if it does not exist."""
        jobs = self._select("jid = ? AND sub = ?", (jid, sub))
        return jobs[0] if jobs else None

    def all(self) -> List[Job]:
        """All jobs: normal jobs, whole jobs and sub jobs."""
        return self._select("1")

    def subs(self, jid: int) -> List[Job]:
        """The sub jobs of a job."""
        return self._select("jid = ? AND sub != ?", (jid, WHOLE))

    def with_subs(self, jids: Tuple[int, int]) -> List[Job]:
        """The jobs with these numbers, first and last, and their sub jobs."""
        return self._select("jid BETWEEN ? AND ?", jids)

    def unfinished(self, **equal: object) -> List[Job]:
        """The jobs that have not ended as a whole, and their sub jobs; ``equal`` gives the values of columns."""
        return self._select(*_unfinished(equal))

    def count_unfinished(self, subs: bool, **equal: object) -> int:
        """How many whole jobs, or sub jobs, are unfinished."""
        where, values = _unfinished(equal)
        return self._count(f"{where} AND sub {'!=' if subs else '='} {WHOLE}", values)

    def has_work(self) -> bool:
        """Whether a job changes by itself or is due for a change. Held and stuck jobs wait for a user instead."""
        moving = "whole_ended IS NULL AND state NOT IN ('HLD', 'ERR') AND NOT (state = 'QUE' AND reason != '')"
        return self._count(f"({moving}) OR wish != '' OR due IS NOT NULL") > 0

    def running(self) -> List[Job]:
        """The jobs whose scripts run."""
        return self._select(f"state = 'RUN' AND NOT {PARENT}")

    def on_nodes(self) -> List[Job]:
        """The jobs that have nodes."""
        return self._select(f"state IN ({_marks(ON_NODES)}) AND NOT {PARENT}", ON_NODES)

    def waiting(self, most: int) -> List[Job]:
        """Jobs that could start if there were nodes; higher priority first, then older jobs first."""
        return self._select(
            f"state = 'QUE' AND due IS NULL AND wish = '' AND reason = '' AND NOT {PARENT} AND NOT {EARLIER_STEP} "
            f"ORDER BY priority DESC, jid, sub LIMIT {int(most)}"
        )

    def with_wish(self) -> List[Job]:
        """The jobs whose owners want something that has not been done yet."""
        return self._select("wish != ''")

    def due(self, now: float) -> List[Job]:
        """The jobs at which the daemon must look now."""
        return self._select("due IS NOT NULL AND due <= ?", (now,))

    def next_due(self) -> Optional[float]:
        """When the daemon must look at a job again; None if nothing happens by itself."""
        moment: Optional[float] = self.connection.execute("SELECT MIN(due) FROM job").fetchone()[0]
        return moment

    def states_of_subs(self, jid: int) -> Set[str]:
        """The states that the sub jobs of a job are in."""
        found = self.connection.execute("SELECT DISTINCT state FROM job WHERE jid = ? AND sub != ?", (jid, WHOLE))
        return {str(row[0]) for row in found}

    def count_subs(self, jid: int) -> Tuple[int, int, Optional[int], Optional[int]]:
        """How many sub jobs have ended, how many there are, and their first and last number."""
        ended = f"COUNT(CASE WHEN state IN ({_marks(ENDED)}) THEN 1 END)"
        counted = f"SELECT {ended}, COUNT(*), MIN(sub), MAX(sub) FROM job WHERE jid = ? AND sub != ?"  # noqa: S608
        done, total, first, last = self.connection.execute(counted, (*ENDED, jid, WHOLE)).fetchone()
        return done, total, first, last

    def end_whole(self, jid: int, now: float) -> None:
        """Note for a job and its sub jobs that the whole job has ended."""
        self.connection.execute("UPDATE job SET whole_ended = ? WHERE jid = ?", (now, jid))

    def view(
        self,
        now: float,
        user: Optional[str],
        subs: bool,
        jids: Sequence[Tuple[int, int]] = (),
        ended: Optional[Tuple[float, float]] = None,
    ) -> List[Job]:
        """The jobs among which pjstat looks.

        Args:
            now: the time of the question.
            user: whose jobs; None for the jobs of all users.
            subs: whether sub jobs too.
            jids: ranges of numbers, first and last; all if empty.
            ended: look in the history for jobs that ended as a whole in this period; None for the default view.
        """
        wanted: Dict[str, Sequence[object]] = {"visible <= ?": (now,)}
        if ended is None:
            wanted["(whole_ended IS NULL OR whole_ended + linger > ?)"] = (now,)
        else:
            wanted["whole_ended + history <= ? AND whole_ended BETWEEN ? AND ?"] = (now, *ended)
        if user is not None:
            wanted["user = ?"] = (user,)
        if not subs:
            wanted["sub = ?"] = (WHOLE,)
        if jids:
            wanted[f"({' OR '.join(['jid BETWEEN ? AND ?'] * len(jids))})"] = [n for pair in jids for n in pair]
        return self._select(" AND ".join(wanted), [value for values in wanted.values() for value in values])

    def _select(self, where: str, values: Sequence[object] = ()) -> List[Job]:
        """The jobs that meet a condition in SQL (never a user's text), ordered by id unless it has an ORDER BY."""
        order = "" if "ORDER BY" in where else " ORDER BY jid, sub"
        selected = f"SELECT {NAMES} FROM job WHERE {where}{order}"  # noqa: S608
        rows = self.connection.execute(selected, [_stored(value) for value in values])
        jobs = [_job(row) for row in rows]
        specs = {job.jid: job.spec for job in jobs if job.sub == WHOLE}
        for job in filter(_is_part_of_bulk, jobs):
            if job.jid not in specs:
                whole = self.get(job.jid)
                specs[job.jid] = whole.spec if whole else {}
            job.spec = specs[job.jid]
        return jobs

    def _count(self, where: str, values: Sequence[object] = ()) -> int:
        counted = f"SELECT COUNT(*) FROM job WHERE {where}"  # noqa: S608
        return int(self.connection.execute(counted, [_stored(value) for value in values]).fetchone()[0])


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: SQLite does not wait for others when it sets the journal mode, but fails."""
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _unfinished(equal: Mapping[str, object]) -> Tuple[str, List[object]]:
    return " AND ".join(["whole_ended IS NULL", *(f"[{column}] = ?" for column in equal)]), list(equal.values())


def _is_part_of_bulk(job: Job) -> bool:
    """Whether a job's spec is stored with its parent, for all sub jobs once."""
    return job.model == "BU" and job.sub != WHOLE


def _row(job: Job) -> Tuple[object, ...]:
    values = ((n, {} if n == "spec" and _is_part_of_bulk(job) else getattr(job, n)) for n in COLUMNS)
    return tuple((json.dumps(value) if value else None) if n in AS_JSON else _stored(value) for n, value in values)


def _stored(value: object) -> object:
    """Convert text that is not UTF-8 to bytes, because SQLite refuses it. File names may be such text."""
    if not isinstance(value, str):
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape")
    return value


def _read(value: object) -> object:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _job(row: Sequence[object]) -> Job:
    values = {name: _read(value) for name, value in zip(COLUMNS, row)}
    for name in AS_JSON:
        text = values[name]
        values[name] = json.loads(text) if isinstance(text, str) else ([] if name == "faults" else {})
    return Job(**values)  # type: ignore[arg-type]  # the columns are the fields
