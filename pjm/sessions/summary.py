"""Summarizes a session from its folder: its state, and which of its tests have results."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from pjm.errors import BadInput
from pjm.files import try_lock
from pjm.job.assignment import begun, events_file, read_document
from pjm.job.events import Tail
from pjm.job.share_events import Reading
from pjm.sessions.collected import S
from pjm.sessions.pace import EMULATED, JOB, RATE, READ, Pace
from pjm.sessions.session import JOURNAL, LOCK, Record, Session, corrupt

# The errors that values of an unexpected shape may cause.
SENSELESS = (
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
    OSError,
)


_LONGEST_LOOK = 5.0  # seconds


@dataclass
class _Share:
    """What is known of one share: its tests, and what its events say."""

    tests: Sequence[str]
    tail: Tail
    reading: Reading = field(default_factory=Reading)

    def take(self, lines: bytes) -> None:
        self.reading.take(self.tail.take(lines))

    def lacks(self, settled: Mapping[str, str]) -> bool:
        return any(test not in self.reading.done and test not in settled for test in self.tests)


def summarize(session: Session) -> Dict[str, Any]:
    """State and numbers of a session, the reasons of tests without a result of their own, and the unreported tests.

    `begun` says of each share, by job and number, how far it is according to its own files; `bad_ends` says what went
    wrong in shares after their tests; `unread` is the number of shares that were not looked into, as that would take
    long: all has been read that an earlier client had read of them.

    Raises:
        BadInput: the session is corrupt.
    """
    with making_sense(session):
        # The lock before the journal: a client that ends between the two must not look unfinished.
        followed = in_use(session.folder)
        return _summarized(session, session.journal(), followed)


@contextlib.contextmanager
def making_sense(session: Session) -> Iterator[None]:
    """Raise BadInput if a record of the session does not have the shape that this program writes."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"session {session.identity} cannot be read now",
            f"{error.filename or session.folder}: {error.strerror or error}",
            "type the same again; on a shared file system this may pass",
        ) from error
    except SENSELESS as error:
        why = f"a record of it, or of a job, makes no sense ({type(error).__name__}: {error})"
        raise corrupt(session.folder / JOURNAL, why) from error


def _summarized(session: Session, journal: Sequence[Record], followed: bool) -> Dict[str, Any]:
    state = "in use" if followed else state_of(session, journal)
    names = [str(record["job"]) for record in journal if record["event"] == "planned"]
    jobs = {name: _shares(session, name) for name in names}
    settled: Dict[str, str] = {}
    for record in journal:
        if record["event"] == "settled":
            settled.update(record["tests"])
    pace = pace_of(session)
    pace.spend(2 * JOB if len(jobs) > 2 else 0)
    while not pace.allows():
        time.sleep(pace.pause)
    for share, lines in session.collected.lines(jobs):
        share.take(lines)
    unread = 0
    if not followed:
        unread = look_into(session, jobs, pace, _Share.take, lambda share: state != "done" or share.lacks(settled))
    tests: Dict[str, None] = {}
    done: Dict[str, bool] = {}
    progress: Dict[Tuple[str, int], str] = {}
    ends: List[str] = []
    for name, shares in jobs.items():
        for number, share in enumerate(shares):
            reading = share.reading
            tests.update(dict.fromkeys(share.tests))
            done.update(reading.done)
            bad = (end for process in reading.processes for end in process.bad_ends())
            ends += [f"share {number} of {name}: {end.happened}" for end in bad]
            if reading.began is not None or reading.done:
                here = f"{len(reading.done)} of {len(share.tests)} tests have results"
                progress[name, number] = f"ended; {here}" if reading.ended else f"begun; {here}"
    return {
        "state": state,
        "tests": len(tests),
        "done": sum(1 for test in tests if test in done or test in settled),
        "settled": {test: why for test, why in settled.items() if test not in done},
        "missing": [test for test in tests if test not in done and test not in settled],
        "unread": unread,
        "jobs": len(jobs),
        "begun": progress,
        "bad_ends": ends,
        "arguments": " ".join(map(str, session.facts["arguments"])),
    }


def state_of(session: Session, journal: Sequence[Record]) -> str:
    """The state of a session: done, cancelled, dry run or unfinished."""
    events = [str(record["event"]) for record in journal]
    if session.facts.get("dry_run") and not events:
        return "dry run"
    last = next((event for event in reversed(events) if event in ("done", "cancelled", "planned", "submitted")), None)
    if _undeleted(journal) or (last == "cancelled" and _in_doubt(journal)):
        return "unfinished"
    return last if last in ("done", "cancelled") else "unfinished" if last else "done"


def _undeleted(journal: Sequence[Record]) -> Set[str]:
    """Ids of the jobs that took too long and whose deletion was never accepted."""
    left: Set[str] = set()
    for record in journal:
        if record["event"] == "deleting":
            left.update(record["ids"])
        elif record["event"] == "deleted":
            left.difference_update(record["ids"])
    return left


def _in_doubt(journal: Sequence[Record]) -> bool:
    """Whether it is unknown of some job whether the batch system accepted it."""
    last = {record["job"]: record["event"] for record in journal if "job" in record}
    return "submitting" in last.values()


def in_use(folder: Path) -> bool:
    """Whether a client follows the session."""
    try:
        handle = os.open(str(folder / LOCK), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not try_lock(handle, inherited=False)  # the same kind of lock as the client's
    except OSError:
        return False  # files cannot be locked here, so there is no lock
    finally:
        os.close(handle)


def _shares(session: Session, name: str) -> List[_Share]:
    folder = session.job_folder(name)
    try:
        documents: List[Dict[str, Any]] = read_document(folder)["shares"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [_Share(each["tests"], Tail(events_file(folder, number))) for number, each in enumerate(documents)]


def pace_of(session: Session) -> Pace:
    """How many file operations are allowed to whoever looks into a session once."""
    here = session.facts.get("emulate") or session.facts.get("here")
    return Pace(EMULATED if here else RATE, time.monotonic)


def look_into(
    session: Session,
    jobs: Mapping[str, Sequence[S]],
    pace: Pace,
    take: Callable[[S, bytes], object],
    wanted: Callable[[S], bool] = lambda share: True,
) -> int:
    """Read what is new in the shares' own files, for some seconds. Return the number of shares left out.

    Args:
        session: the session.
        jobs: the shares of each job, by its name.
        pace: how many file operations are allowed.
        take: receives a share and its new lines.
        wanted: whether a share is of interest.
    """
    until = time.monotonic() + _LONGEST_LOOK
    left: List[S] = []
    for name, shares in jobs.items():
        numbers = [number for number, share in enumerate(shares) if not share.reading.ended and wanted(share)]
        left += [shares[number] for number in begun(session.job_folder(name), numbers)]
    for place, share in enumerate(left):
        while not pace.allows():
            if time.monotonic() >= until:
                return len(left) - place
            time.sleep(pace.pause)
        pace.spend(READ)
        take(share, share.tail.fetch())
    return 0
