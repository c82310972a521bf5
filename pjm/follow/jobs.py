"""The jobs of a session while they are followed: the state of each job and of each of its shares."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Protocol, Tuple

from pjm.batch.scheduler import Ending, Phase, Status
from pjm.job.assignment import events_file
from pjm.job.captured_output import last_lines
from pjm.job.events import Tail
from pjm.job.share_events import Reading
from pjm.plan.job_folder import Outputs, outputs, script_names
from pjm.plan.packing import Job, Share


class Clock(Protocol):
    """Tells the time, as the module `time` does."""

    def monotonic(self) -> float:
        """Seconds, of any origin: our clock."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...


class Stage(enum.Enum):
    """How far the submission of a job has come."""

    PLANNED = "planned"
    UNCERTAIN = "uncertain"  # it is unknown whether the batch system accepted the job
    SUBMITTED = "submitted"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass
class FollowedShare:
    """One share of a job while it is followed. It has one job id and one file of events.

    Attributes:
        job: the job that it belongs to.
        number: its number in the job.
        planned: its tests and what it asks for.
        id: the batch system's id of it; "" until the submission is answered.
        status: the batch system's last answer about it.
        ending: how it ended, as far as that is known.
        ended: when this client learnt of the end, on our clock; minus infinity if an earlier client did.
        ended_at: wall-clock time of the end; the waiting time of dependent steps starts here.
        absent: since when the batch system does not know it, on our clock; None if it does.
        unheard: since when questions about it are not answered, on our clock; None if they are.
        closed: no more results are expected.
        looked: when its file of events was last read, on our clock; minus infinity if it was not.
        idle: when it was last read and had nothing new.
        elapsed: seconds it has run.
        waited: seconds it has waited to start.
        running_since: seconds since the epoch; None before the start.
        outcome: text for the table, when closed.
        reading: what its events say.
    """

    job: FollowedJob = field(repr=False, compare=False)
    number: int
    planned: Share
    id: str = ""
    status: Status = field(default_factory=lambda: Status(Phase.QUEUED))
    ending: Optional[Ending] = None
    ended: float = float("-inf")
    ended_at: Optional[float] = None
    absent: Optional[float] = None
    unheard: Optional[float] = None
    closed: bool = False
    looked: float = float("-inf")
    idle: float = float("-inf")
    elapsed: float = 0.0
    waited: float = 0.0
    running_since: Optional[float] = None
    outcome: str = ""
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        self.tail = Tail(events_file(self.job.folder, self.number), patience=10)
        self._words: Optional[Tuple[Tuple[float, bool], List[str]]] = None

    def end(self, ending: Ending, clock: float = float("-inf"), wall: Optional[float] = None) -> None:
        """Note how the share ended, and when: on our clock and in seconds since the epoch."""
        self.ending, self.ended, self.ended_at = ending, clock, wall

    def close(self, outcome: str) -> None:
        """Expect no more results; `outcome` is for the table."""
        self.closed, self.outcome = True, outcome

    @property
    def waiting(self) -> bool:
        """Whether the share has not begun: the batch system has just said so, and no event has been read."""
        heard = self.ending is None and self.absent is None and self.unheard is None
        return heard and self.status.phase in (Phase.QUEUED, Phase.HELD) and not self.tail.offset

    @property
    def usage(self) -> Dict[str, object]:
        """What the share has used, as a record for the journal."""
        used = {"elapsed": self.elapsed, "waited": self.waited, "started": self.running_since}
        return {"job": self.job.name, "part": self.number, **used}

    @property
    def tests(self) -> Tuple[str, ...]:
        """Node ids in order."""
        return self.planned.nodeids

    @property
    def node_hours(self) -> float:
        """The node-hours that the share has used."""
        return self.planned.resources.nodes * self.elapsed / 3600

    @property
    def committed(self) -> float:
        """The node-hours that the share has used or, as long as it may run, requests."""
        if self.ending is not None:
            return self.node_hours
        if self.job.stage is Stage.CANCELLED and not self.tail.offset:
            return 0.0
        # A job cancelled while running is charged in full: its actual run time was never queried.
        return self.planned.resources.node_hours

    @property
    def waits(self) -> bool:
        """Whether the share waits for another step, not for the machine."""
        return any(not self.job.shares[number].closed for number in self.planned.needs)

    def waited_by(self, now: float) -> float:
        """Seconds that the share had waited for the machine by `now`, a time in seconds since the epoch.

        The time before the submission was accepted, and the time spent waiting for other steps, do not count.
        """
        since = [self.job.submitted, *(self.job.shares[number].ended_at for number in self.planned.needs)]
        known = [moment for moment in since if moment is not None]
        return max(0.0, (self.running_since or now) - max(known)) if len(known) == len(since) else 0.0

    @property
    def description(self) -> str:
        """Id, name of the job and script, for a message to the user."""
        return f"job {self.id or 'without id'} ({self.job.name}), script {self.script}"

    @property
    def script(self) -> Path:
        """The job script; all sub jobs of a bulk job have the same one."""
        names = script_names(self.job.planned)
        return self.job.folder / names[min(self.number, len(names) - 1)]

    @property
    def outputs(self) -> Outputs:
        """The files that the batch system writes for the share."""
        return outputs(self.job.folder, self.number)

    def last_words(self, lines: int = 30) -> List[Tuple[str, str]]:
        """At most the last 30 lines of standard output and standard error, each with a title, as of the last look."""
        if self._words is None or self._words[0] != (self.looked, self.closed):
            files = (self.outputs.out, self.outputs.err) if self.id else ()
            self._words = (self.looked, self.closed), [last_lines(file, 30) for file in files] or ["", ""]
        return [
            (f"job's {stream} (last {lines} lines)", "\n".join(text.splitlines()[-lines:]))
            for stream, text in zip(("stdout", "stderr"), self._words[1])
        ]


@dataclass
class FollowedJob:
    """One job that is or will be submitted.

    Attributes:
        folder: the folder of the job.
        planned: what the job runs.
        retry: whether its tests were submitted before.
        stage: how far its submission has come.
        due: when to try the submission next, on our clock.
        tries: how often the submission was refused or not answered.
        refused: since when it is refused, on our clock; None if it is not.
        submitted: seconds since the epoch.
        again: tests that have to be submitted again when all shares are closed, because the system failed.
        left: tests to submit then because the job had no time left for them.
        shares: its shares, by number.
    """

    folder: Path
    planned: Job
    retry: bool = False
    stage: Stage = Stage.PLANNED
    due: float = 0.0
    tries: int = 0
    refused: Optional[float] = None
    submitted: Optional[float] = None
    again: List[str] = field(default_factory=list)
    left: List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shares = tuple(FollowedShare(self, number, share) for number, share in enumerate(self.planned.shares))

    @property
    def name(self) -> str:
        """The name of the job, which is unique."""
        return self.planned.name

    @property
    def tests(self) -> List[str]:
        """Node ids of all tests of the job."""
        return list(self.planned.nodeids)

    @property
    def committed(self) -> float:
        """The node-hours that its shares have used or, as long as they may run, request."""
        return sum(share.committed for share in self.shares)

    @property
    def open(self) -> bool:
        """Whether more results are expected."""
        return any(not share.closed for share in self.shares)
