"""The jobs of a session while they are followed: each job, and each of its parts with a script of its own."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional, Tuple

from pjm.batch.scheduler import Ending, Phase, Status
from pjm.job.assignment import events_file
from pjm.job.captured_output import last_lines
from pjm.job.events import Tail
from pjm.job.share_events import Reading
from pjm.plan.job_folder import read_job
from pjm.plan.packing import Job, Share
from pjm.plan.script import Outputs, outputs, script_names


class Stage(enum.Enum):
    """How far the submission of a job has come."""

    PLANNED = "planned"
    UNCERTAIN = "uncertain"  # nobody knows whether it was taken
    SUBMITTED = "submitted"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass
class FollowedShare:
    """One share of a job while it is followed: it has one job id and one file of events.

    Attributes:
        job: what it is a part of.
        number: within its job.
        share: its tests and what it asks for.
        id: what the batch system calls it; "" before it has said.
        status: what the batch system said last.
        ending: how it ended, as far as that is known.
        ended: when we learnt that, on our clock; long ago if an earlier client did.
        ended_at: the same in seconds since the epoch; the waiting time of the steps that need it starts here.
        absent: since when it is nowhere to be seen, on our clock.
        unheard: since when questions about it are not answered, on our clock; None if they are.
        closed: nothing more is expected of it.
        elapsed: seconds it has run.
        waited: seconds it has waited to start.
        outcome: for the table, when closed.
        reading: what its events say.
    """

    job: FollowedJob = field(repr=False, compare=False)
    number: int
    share: Share
    id: str = ""
    status: Status = field(default_factory=lambda: Status(Phase.QUEUED))
    ending: Optional[Ending] = None
    ended: float = float("-inf")
    ended_at: Optional[float] = None
    absent: Optional[float] = None
    unheard: Optional[float] = None
    closed: bool = False
    elapsed: float = 0.0
    waited: float = 0.0
    running_since: Optional[float] = None
    outcome: str = ""
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        self.tail = Tail(events_file(self.job.folder, self.number), patience=10)

    def end(self, ending: Ending, clock: float = float("-inf"), wall: Optional[float] = None) -> None:
        """Note how it ended, and when that was on our clock and in seconds since the epoch."""
        self.ending, self.ended, self.ended_at = ending, clock, wall

    def close(self, outcome: str) -> None:
        """Expect nothing more of it; `outcome` is for the table."""
        self.closed, self.outcome = True, outcome

    @property
    def tests(self) -> Tuple[str, ...]:
        """Node ids in order."""
        return self.share.nodeids

    @property
    def node_hours(self) -> float:
        """What it has used."""
        return self.share.resources.nodes * self.elapsed / 3600

    @property
    def committed(self) -> float:
        """Node-hours that it has used or, as long as it may run, requests."""
        if self.ending is not None:
            return self.node_hours
        if self.job.stage is Stage.CANCELLED and not self.tail.offset:
            return 0.0
        # A job cancelled while running is charged in full: its actual run time was never queried.
        return self.share.resources.node_hours

    @property
    def waits(self) -> bool:
        """Whether it waits for another step, not for the machine."""
        return any(not self.job.parts[number].closed for number in self.share.needs)

    def waited_by(self, now: float) -> float:
        """Seconds, at a time of the epoch, that it has waited for the machine, not for another step or to be taken."""
        since = [self.job.submitted, *(self.job.parts[number].ended_at for number in self.share.needs)]
        known = [each for each in since if each is not None]
        return max(0.0, (self.running_since or now) - max(known)) if len(known) == len(since) else 0.0

    @property
    def description(self) -> str:
        """Its id, its job's name and its script, for its user."""
        return f"job {self.id or 'without id'} ({self.job.name}), script {self.script}"

    @property
    def script(self) -> Path:
        """Its job script, which the sub jobs of a bulk job share."""
        names = script_names(self.job.planned)
        return self.job.folder / names[min(self.number, len(names) - 1)]

    @property
    def outputs(self) -> Outputs:
        """The files that the batch system writes for it."""
        return outputs(self.job.folder, self.number)

    def last_words(self, lines: int = 30) -> List[Tuple[str, str]]:
        """Title and text of the ends of its outputs."""
        files = self.outputs
        return [
            (f"job's {stream} (last {lines} lines)", last_lines(path, lines))
            for stream, path in (("stdout", files.out), ("stderr", files.err))
        ]


@dataclass
class FollowedJob:
    """One job that is or will be submitted.

    Attributes:
        folder: its own.
        planned: what it runs.
        retry: whether its tests were submitted before.
        stage: of the submission.
        due: when to try next, on our clock.
        tries: how often it was refused or not answered.
        refused: since when, on our clock; None if it is not.
        submitted: seconds since the epoch.
        again: tests that have to be submitted again when all its parts are closed.
        parts: by number.
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

    def __post_init__(self) -> None:
        self.parts = tuple(FollowedShare(self, number, share) for number, share in enumerate(self.planned.shares))

    @classmethod
    def read(cls, folder: Path) -> FollowedJob:
        """The job that was written into a folder.

        Raises:
            OSError, KeyError, TypeError, ValueError: there is none.
        """
        planned, retry = read_job(folder)
        return cls(folder, planned, retry)

    @property
    def name(self) -> str:
        """Its name, which is unique."""
        return self.planned.name

    @property
    def tests(self) -> List[str]:
        """All its tests."""
        return list(self.planned.nodeids)

    @property
    def committed(self) -> float:
        """Node-hours that its parts have used or, as long as they may run, request."""
        return sum(part.committed for part in self.parts)

    @property
    def open(self) -> bool:
        """Whether anything is expected of it still."""
        return any(not part.closed for part in self.parts)
