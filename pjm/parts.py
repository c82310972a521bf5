"""The jobs of a session while they are followed: each job, and each of its parts with a script of its own."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from pjm.assignment import EVENTS, share_folder
from pjm.captured import last_lines
from pjm.events import Tail
from pjm.reading import Reading
from pjm.scheduler import Ending, Phase, Resources, Status
from pjm.script import outputs


class Stage(enum.Enum):
    """How far the submission of a job has come."""

    PLANNED = "planned"
    UNCERTAIN = "uncertain"  # nobody knows whether it was taken
    SUBMITTED = "submitted"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass
class Part:
    """One share of a job: what has one script run, one job id and one file of events.

    Attributes:
        folder: of its job.
        number: within its job.
        tests: node ids in order.
        resources: what it asks for.
        needs: numbers of the parts that must have succeeded.
        id: what the batch system calls it; "" before it has said.
        status: what the batch system said last.
        ending: how it ended, as far as that is known.
        ended: when we learnt that, on our clock.
        over: the same in seconds since the epoch, for what waits for it.
        absent: since when it is nowhere to be seen, on our clock.
        unheard: since when questions about it are not answered, on our clock; None if they are.
        closed: nothing more is expected of it.
        elapsed: seconds it has run.
        waited: seconds it has waited to start.
        outcome: for the table, when closed.
        job: what it is a part of.
        reading: what its events say.
    """

    folder: Path
    number: int
    tests: Tuple[str, ...]
    resources: Resources
    needs: Tuple[int, ...] = ()
    id: str = ""
    status: Status = field(default_factory=lambda: Status(Phase.QUEUED))
    ending: Optional[Ending] = None
    ended: Optional[float] = None
    over: Optional[float] = None
    absent: Optional[float] = None
    unheard: Optional[float] = None
    closed: bool = False
    elapsed: float = 0.0
    waited: float = 0.0
    running_since: Optional[float] = None
    outcome: str = ""
    job: FollowedJob = field(init=False, repr=False, compare=False)
    reading: Reading = field(default_factory=Reading)

    def __post_init__(self) -> None:
        self.tail = Tail(share_folder(self.folder, self.number) / EVENTS, patience=10)

    @property
    def node_hours(self) -> float:
        """What it has used."""
        return self.resources.nodes * self.elapsed / 3600

    @property
    def waits(self) -> bool:
        """Whether it waits for another step, not for the machine."""
        return any(not self.job.parts[number].closed for number in self.needs)

    def waited_by(self, now: float) -> float:
        """Seconds, at a time of the epoch, that it has waited for the machine, not for another step or to be taken."""
        since = [self.job.submitted, *(self.job.parts[number].over for number in self.needs)]
        known = [each for each in since if each is not None]
        return max(0.0, (self.running_since or now) - max(known)) if len(known) == len(since) else 0.0

    @property
    def description(self) -> str:
        """Its id, its job's name and its script, for its user."""
        return f"job {self.id or 'without id'} ({self.job.name}), script {self.script}"

    @property
    def script(self) -> Path:
        """Its job script."""
        numbered = self.folder / script_name(self.number)
        return numbered if numbered.exists() else self.folder / script_name(0)

    def last_words(self, lines: int = 30) -> List[Tuple[str, str]]:
        """Title and text of the ends of its outputs."""
        files = outputs(self.folder, self.number)
        return [
            (f"job's {stream} (last {lines} lines)", last_lines(path, lines))
            for stream, path in (("stdout", files.out), ("stderr", files.err))
        ]


@dataclass
class FollowedJob:
    """One job that is or will be submitted.

    Attributes:
        name: unique.
        parts: by number.
        bulk, step: of which kind it is; neither is a normal job.
        retry: whether its tests were submitted before.
        stage: of the submission.
        due: when to try next, on our clock.
        tries: how often it was refused or not answered.
        refused: since when, on our clock; None if it is not.
        submitted: seconds since the epoch.
        again: tests that have to be submitted again when all its parts are closed.
    """

    name: str
    parts: Tuple[Part, ...]
    bulk: bool
    step: bool
    retry: bool = False
    stage: Stage = Stage.PLANNED
    due: float = 0.0
    tries: int = 0
    refused: Optional[float] = None
    submitted: Optional[float] = None
    again: List[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for part in self.parts:
            part.job = self

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.parts[0].folder

    @property
    def tests(self) -> List[str]:
        """All its tests."""
        return [test for part in self.parts for test in part.tests]

    @property
    def node_hours(self) -> float:
        """What it costs at most."""
        return sum(part.resources.node_hours for part in self.parts)

    @property
    def open(self) -> bool:
        """Whether anything is expected of it still."""
        return any(not part.closed for part in self.parts)


def script_name(number: int) -> str:
    """The name of a job script in its job's folder."""
    return f"script-{number}.sh"


def from_document(folder: Path, document: Dict[str, Any]) -> FollowedJob:
    """A job as `job.json` describes it.

    Raises:
        KeyError, TypeError, ValueError: it is no such description.
    """
    parts = tuple(
        Part(
            folder,
            number,
            tuple(share["tests"]),
            _resources(share["resources"]),
            tuple(share["needs"]),
        )
        for number, share in enumerate(document["shares"])
    )
    return FollowedJob(
        name=document["name"],
        parts=parts,
        bulk=bool(document["bulk"]),
        step=bool(document["step"]),
        retry=bool(document["retry"]),
    )


def resources_document(resources: Resources) -> Dict[str, Any]:
    """For `job.json`."""
    return {**vars(resources), "env": [list(pair) for pair in resources.env]}


def _resources(fields: Dict[str, Any]) -> Resources:
    env = tuple((name, text) for name, text in fields["env"])
    return Resources(**{**fields, "env": env})
