"""The interface to a batch system: `Submission` goes in, `Status` comes out, and `Scheduler` has the operations."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping, Optional, Protocol, Sequence, Tuple

__all__ = [
    "AnswerLostError",
    "Ending",
    "Limits",
    "Phase",
    "Resources",
    "Scheduler",
    "Status",
    "Submission",
    "SubmitError",
    "UnansweredError",
    "UnreadableError",
]

LONGEST_SUBMISSION = 600.0  # seconds after which the answer of a submission counts as lost


class Phase(enum.Enum):
    """The phase of a job. ABSENT does not mean ended: ask again, then look at the job's own files."""

    QUEUED = "queued"
    HELD = "held"
    RUNNING = "running"
    ENDING = "ending"  # the script is over, its results may still be on their way
    ENDED = "ended"
    STUCK = "stuck"  # the job will neither run nor end until it is deleted
    ABSENT = "absent"  # neither in the queue nor in the history


@dataclass(frozen=True)
class Ending:
    """How a job ended, in words for its user.

    Attributes:
        succeeded: the batch system found nothing wrong (the reports decide about the tests).
        happened: one sentence, with the batch system's own code and its meaning, the limit and the use.
        advice: what to type or change next; empty if the job succeeded.
        retry: the machine failed, not the request or the tests, so that submitting the same job again may help.
        out_of_time: the job ran over its elapse limit, so that tests that it had not begun can run in another job.
    """

    succeeded: bool
    happened: str
    advice: str = ""
    retry: bool = False
    out_of_time: bool = False


@dataclass(frozen=True)
class Status:
    """What the batch system reports about one job.

    Attributes:
        phase: the phase of the job.
        said: the batch system's own words, for logs.
        ending: how the job ended; not None exactly when the phase is ENDED or STUCK.
        started: seconds since the epoch; None before the start, or if not reported.
        elapsed: seconds the job has run so far; None if not reported.
    """

    phase: Phase
    said: str = ""
    ending: Optional[Ending] = None
    started: Optional[float] = None
    elapsed: Optional[float] = None


@dataclass(frozen=True)
class Resources:
    """What a job asks for.

    Attributes:
        nodes: number of compute nodes.
        elapse: limit of the running time in seconds.
        rscgrp: resource group; None leaves it to the site.
        group: group that is charged; None leaves it to the site.
        gfscache: volumes that the job reads, joined with ":"; None if there are none.
        env: environment of the job, name and value, sorted.
        cpus: processors on each node; None leaves it to the site.
        mem: memory on each node, such as "4G"; None leaves it to the site.
        gres: other resources on each node, such as "gpu:1"; None for none.
        ranks: processes of MPI on all nodes together; None for a job without MPI.
    """

    nodes: int
    elapse: int
    rscgrp: Optional[str] = None
    group: Optional[str] = None
    gfscache: Optional[str] = None
    env: Tuple[Tuple[str, str], ...] = ()
    cpus: Optional[int] = None
    mem: Optional[str] = None
    gres: Optional[str] = None
    ranks: Optional[int] = None

    @property
    def node_hours(self) -> float:
        """The most node-hours that the job can cost."""
        return self.nodes * self.elapse / 3600

    @property
    def ranks_per_node(self) -> int:
        """The most ranks of one node; 0 without MPI."""
        return -(-(self.ranks or 0) // self.nodes)


@dataclass(frozen=True)
class Submission:
    """One job as it is handed to the batch system, without what its scripts say.

    Attributes:
        name: unique, so that a submission whose answer was lost can be found again.
        folder: working directory of the submission.
        scripts: for a step job, one script per step in the order of their numbers; otherwise one script.
        bulk: number of sub jobs, numbered from 0, of a bulk job; None for a normal or a step job. Never 1.
        keep_open: open files that the submitting command inherits: while they are open, it has not ended.
        needs: for a step job, the numbers of the steps that each step needs; each is lower than the step's own.
    """

    name: str
    folder: Path
    scripts: Tuple[Path, ...]
    bulk: Optional[int] = None
    keep_open: Tuple[int, ...] = ()
    needs: Tuple[Tuple[int, ...], ...] = ()

    @property
    def parts(self) -> int:
        """The number of job ids that the submission returns. A sub job, a step and a normal job have one each."""
        return self.bulk if self.bulk is not None else len(self.scripts)


@dataclass(frozen=True)
class Limits:
    """What a batch system allows and remembers. It is asked once, when the session begins.

    Attributes:
        bulk: most sub jobs of a bulk job; None for no limit.
        poll: longest seconds between two questions, so that no end of a job is missed; None for no limit.
        elapse_step: elapse limits are whole multiples of so many seconds.
        doubt: what the batch system cannot tell, a sentence for the user; "" if it tells everything.
        here: whether every compute node is this machine, so that jobs see all of its folders.
    """

    bulk: Optional[int] = None
    poll: Optional[float] = None
    elapse_step: int = 1
    doubt: str = ""
    here: bool = False


class SubmitError(Exception):
    """The batch system refused a submission completely.

    Attributes:
        retry: it may accept the submission later: it has trouble of its own, or a limit shared with others is reached.
        advice: what to type or change next.
    """

    def __init__(self, happened: str, advice: str, retry: bool) -> None:
        super().__init__(happened)
        self.advice = advice
        self.retry = retry


class AnswerLostError(Exception):
    """It is unknown whether a submission was accepted: look it up by its name before submitting again.

    Attributes:
        advice: what to change if the job cannot be found, because the answer may be a refusal; "" to submit it again.
    """

    def __init__(self, happened: str, advice: str = "") -> None:
        super().__init__(happened)
        self.advice = advice


class UnansweredError(Exception):
    """The batch system did not answer a question; ask again at the next poll."""


class UnreadableError(ValueError):
    """An output of the batch system that this program cannot read. The message says what, and quotes it."""

    def __init__(self, why: str, quoted: str = "") -> None:
        super().__init__(f"{why}: {quoted[:200]!r}" if quoted else why)


class Scheduler(Protocol):
    """A batch system. Blocking calls, never more than one process at a time."""

    @property
    def bulk_number(self) -> str:
        """The text that the shell of a sub job expands to the number of the sub job."""
        ...

    @property
    def mpiexec(self) -> Tuple[str, ...]:
        """The usual command that starts a program on all ranks of a job.

        In its words, `{ranks}` stands for their number, and `{output}` for a path. Files that it writes with what
        the ranks print have names that begin with that path.
        """
        ...

    @property
    def limits(self) -> Limits:
        """What it allows and remembers; the usual before it was asked, as in a dry run."""
        ...

    def check(self, resources: Resources, where: str) -> None:
        """Check that everything that a job asks for exists in this batch system.

        Args:
            resources: what a job asks for.
            where: who asks, for messages: the node id of a test.

        Raises:
            BadInput: something does not exist here.
        """
        ...

    def directives(
        self, name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
    ) -> Iterable[str]:
        """The lines of a job script that request its resources. They come before the first command.

        Args:
            name: name of the job.
            resources: what the share asks for; its environment holds plain values only.
            number: number of the share. The outputs are named after it: "share-0.out", ".err" and ".stats". None in
                the one script of a bulk job, where each sub job has its own number.
            needs: numbers of the steps that must have succeeded; if one has not, this step is removed from the queue.
                None if the script is not that of a step.
        """
        ...

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        """Hand over one job.

        Returns:
            The ids of its parts (the normal job, the sub jobs or the steps), in order.

        Raises:
            SubmitError: the job was refused.
            AnswerLostError: the command died, hung or gave an unclear answer; or only some of the steps of a step job
                were accepted.
        """
        ...

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        """The ids of the parts of the job with this name, waiting, running or ended; () if there is no such job.

        If all parts are found, what the submission had left to do is done, so that they can run.

        Args:
            name: of the submission.
            parts: how many parts it has.

        Raises:
            UnansweredError: no answer.
        """
        ...

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """Ask the queue about these jobs, in one question for all.

        Returns:
            A status for every id; ABSENT for a job that is not in the queue.

        Raises:
            UnansweredError: no answer.
        """
        ...

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """Ask the history about these jobs, in one question for all. Returns and raises as `poll`."""
        ...

    def figures(self, job_id: str, statistics: Path) -> str:
        """Describe what was measured of an ended job; "" if nothing was.

        Args:
            job_id: its id.
            statistics: the file that the batch system has written for it, if it writes one.
        """
        ...

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """The command that a user types to delete these jobs."""
        ...

    def cancel(self, ids: Sequence[str]) -> None:
        """Delete jobs, in one command for all. Jobs that have ended are ignored.

        Raises:
            UnansweredError: no answer, or a refusal.
        """
        ...
