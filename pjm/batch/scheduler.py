"""The seam between the plugin and a batch system: what is submitted, what is said of it, and the few verbs for both."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Mapping, Optional, Protocol, Sequence, Tuple

LONGEST_SUBMISSION = 600.0  # seconds after which the answer of a submission counts as lost


class Phase(enum.Enum):
    """Where a job is in its life. Absent is not an end: look again, then at the job's own files."""

    QUEUED = "queued"
    HELD = "held"
    RUNNING = "running"
    ENDING = "ending"  # the script is over, its results may still be on their way
    ENDED = "ended"
    STUCK = "stuck"  # it will neither run nor end until somebody deletes it
    ABSENT = "absent"  # neither in the queue nor in the history


@dataclass(frozen=True)
class Ending:
    """How a job ended, in words for its user.

    Attributes:
        succeeded: the batch system found nothing wrong (the reports decide about the tests).
        happened: one sentence, with the batch system's own code and its meaning, the limit and the use.
        advice: what to type or change next; empty if it succeeded.
        retry: worth submitting again as it is: the machine's fault, not the request's and not the tests'.
    """

    succeeded: bool
    happened: str
    advice: str = ""
    retry: bool = False


@dataclass(frozen=True)
class Status:
    """What the batch system says of one job.

    Attributes:
        phase: where it is.
        said: the batch system's own words, for logs.
        ending: how it ended; there when, and only when, the phase is ENDED or STUCK.
        started: seconds since the epoch; None before the start, or if not said.
        elapsed: seconds it has run so far; None if not said.
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
        group: who is charged; None leaves it to the site.
        gfscache: volumes that the job reads, joined with ":"; None for none.
        env: environment of the job, name and value, sorted.
    """

    nodes: int
    elapse: int
    rscgrp: Optional[str] = None
    group: Optional[str] = None
    gfscache: Optional[str] = None
    env: Tuple[Tuple[str, str], ...] = ()

    @property
    def node_hours(self) -> float:
        """What it costs at most."""
        return self.nodes * self.elapse / 3600


@dataclass(frozen=True)
class Submission:
    """One job as handed to the batch system; all that is not in its scripts.

    Attributes:
        name: unique, so that a submission whose answer was lost can be found again.
        folder: working directory of the submission.
        scripts: of a step job, by the numbers of the steps; otherwise the one script.
        bulk: number of sub jobs, numbered from 0, of a bulk job; None for a normal or a step job. Never 1.
        keep_open: open files for whatever submits to inherit: they tell others that it has not ended.
    """

    name: str
    folder: Path
    scripts: Tuple[Path, ...]
    bulk: Optional[int] = None
    keep_open: Tuple[int, ...] = ()

    @property
    def parts(self) -> int:
        """How many job ids it gives: one per sub job."""
        return self.bulk if self.bulk is not None else len(self.scripts)


class SubmitError(Exception):
    """The batch system took nothing of a submission.

    Attributes:
        retry: it may take it later: its own trouble, or a limit that others use up as well.
        advice: what to type or change next.
    """

    def __init__(self, happened: str, advice: str, retry: bool) -> None:
        super().__init__(happened)
        self.advice = advice
        self.retry = retry


class AnswerLostError(Exception):
    """Nobody knows whether a submission was taken: look it up by its name before submitting again."""


class UnansweredError(Exception):
    """The batch system did not answer a question; ask again at the next poll."""


class Scheduler(Protocol):
    """A batch system. Blocking calls, never more than one process at a time."""

    @property
    def bulk_number(self) -> str:
        """What the shell of a sub job expands to its number."""
        ...

    def directives(
        self, name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
    ) -> Iterable[str]:
        """The lines of a job script that ask for what it needs; they stand before its first command.

        Args:
            name: of the job.
            resources: what the share asks for; its environment holds plain values only.
            number: of the share, by which its outputs are named: "share-0.out", ".err" and ".stats"; None in the one
                script of a bulk job, where each sub job has its own number.
            needs: numbers of the steps that must have succeeded; if one has not, this step is removed from the queue.
                None where it is no step.
        """
        ...

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        """Hand over one job.

        Returns:
            The ids of its parts, in their order: of the one job, of every sub job, of every step.

        Raises:
            SubmitError: refused.
            AnswerLostError: the command died, hung or answered in a way that says neither yes nor no; or only some of
                the steps of a step job were taken.
        """
        ...

    def find(self, name: str) -> Tuple[str, ...]:
        """The ids of the parts of the job of that name, waiting, running or ended; () if there is none.

        Raises:
            UnansweredError: no answer.
        """
        ...

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """What is known of these jobs in the queue, in one question for all.

        Returns:
            A status for every id; of those that are not in the queue, that they are absent.

        Raises:
            UnansweredError: no answer.
        """
        ...

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """What the history knows of these jobs, likewise."""
        ...

    def figures(self, statistics: Path) -> str:
        """What it measured of a job that has ended, in words, of the file its script asked for; "" if nothing."""
        ...

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """What a user types to delete these jobs."""
        ...

    def cancel(self, ids: Sequence[str]) -> None:
        """Delete jobs, in one command for all; those that have ended already are left alone.

        Raises:
            UnansweredError: no answer, or a refusal.
        """
        ...
