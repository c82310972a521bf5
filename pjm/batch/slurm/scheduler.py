"""The `Scheduler` for Slurm: calls sbatch, squeue, sacct, scancel and scontrol, one process at a time."""

from __future__ import annotations

import os
import re
import shlex
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, NoReturn, Optional, Sequence, Tuple

from pjm.batch.host import Answer, Host, LocalHost, ask, command_lines, hand_over, spans
from pjm.batch.scheduler import (
    LONGEST_SUBMISSION,
    AnswerLostError,
    Ending,
    Limits,
    Phase,
    Resources,
    Status,
    Submission,
    SubmitError,
    UnansweredError,
    UnreadableError,
)
from pjm.batch.slurm import listing, sbatch
from pjm.batch.slurm.listing import HISTORY, JOB_ID, QUEUE, Configuration, JobRow
from pjm.batch.slurm.status import status
from pjm.errors import BadInput

# Times as seconds since the epoch; ranges of jobs in full. squeue(1) and sacct(1), ENVIRONMENT VARIABLES.
_ASK = ("env", "SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0")
# What the user's shell may have set for every sbatch, and would make another job of ours: sbatch(1), INPUT ENVIRONMENT
# VARIABLES.
_SUBMIT = ("env", "-u", "SBATCH_ARRAY_INX", "-u", "SBATCH_CLUSTERS", "-u", "SBATCH_WAIT", "sbatch")
_ALWAYS = ("--parsable", "--no-requeue", "--export=NIL")
_NEEDED = ("sbatch", "squeue", "scancel", "scontrol", "sinfo")
COMMANDS = (*_NEEDED, "sacct")
_UNKNOWN_ID = "Invalid job id specified"
_ENDED_ALREADY = re.compile(r"Invalid job id|already (?:completing or )?(?:completed|finished)")
_USUAL_DAYS = 3
_HOW_TO_GET_ONE = "run it on a login node of a cluster with Slurm"


@dataclass
class SlurmScheduler:
    """A `Scheduler` that calls Slurm's commands.

    A chain of jobs is submitted one by one, with its first jobs held until the last is in: Slurm treats a job that
    it has forgotten as succeeded, and a chain of which only a part is in must not run.

    Attributes:
        host: the machine on which the commands run.
        options: options for every sbatch, such as --qos=debug.
        submit_timeout: seconds after which the answer of an sbatch counts as lost.
        timeout: seconds after which the other commands count as unanswered.
        history_days: how far back to look for a submission whose answer was lost; None for 3 days.
        patience: seconds for which a job may wait for what will never come: the site may change its limits.
        clock: seconds, of any origin.
    """

    host: Host = field(default_factory=LocalHost)
    options: Tuple[str, ...] = ()
    submit_timeout: float = LONGEST_SUBMISSION
    timeout: float = 120.0
    history_days: Optional[int] = None
    patience: float = 300.0
    clock: Callable[[], float] = time.monotonic
    _configured: Optional[Configuration] = None
    _here: bool = False
    _stuck: Dict[str, float] = field(default_factory=dict)

    bulk_number = "$SLURM_ARRAY_TASK_ID"
    directives = staticmethod(sbatch.directives)
    mpiexec = ("mpiexec", "-n", "{ranks}")

    @property
    def limits(self) -> Limits:
        """See `Scheduler.limits`. Without accounting, a job's end has to be seen before Slurm forgets the job."""
        configured = self._configured or Configuration()
        age = None if configured.accounting else configured.remembers
        if age is None:
            return Limits(configured.array, None, sbatch.MINUTE, here=self._here)
        doubt = (
            f"Slurm keeps no history here (AccountingStorageType), and forgets a job {age:g} s after its end "
            "(MinJobAge): of a job that it forgets between two questions, only its own files say how it ended"
        )
        return Limits(configured.array, max(0.5, age / 3), sbatch.MINUTE, doubt, self._here)

    def check(self, resources: Resources, where: str) -> None:
        """See `Scheduler.check`."""
        if resources.gfscache is not None:
            raise BadInput(
                f"{where}: fugaku_gfscache is {resources.gfscache!r}",
                "Slurm has no volumes to choose from",
                "take out fugaku_gfscache, and --fugaku-gfscache",
            )
        ours = next((name for name, _ in resources.env if name.startswith(("SLURM_", "SBATCH_"))), None)
        if ours is not None:
            raise BadInput(
                f"{where}: the mark fugaku sets the environment variable {ours}",
                "variables named SLURM_… and SBATCH_… belong to Slurm, which sets them for each job",
                "take it out of env=",
            )

    def require_commands(self, advice: str = _HOW_TO_GET_ONE) -> None:
        """Check that Slurm's commands exist, and ask how the cluster is configured.

        ``advice`` says what to do if one is missing.

        Raises:
            BadInput: a command is missing, or Slurm does not answer.
        """
        for name in _NEEDED:
            if not self.host.has(name):
                raise BadInput("--fugaku needs Slurm's commands", f"there is no {name} on PATH", advice)
        try:
            accounting = self._configuration().accounting
            hosts = {host.partition(".")[0] for host in self._run(["sinfo", "-h", "-o", "%n"]).out.split()}
        except UnansweredError as error:
            raise BadInput(
                "Slurm does not say how it is configured",
                str(error),
                "type: scontrol ping, and try again when its controller is up",
            ) from error
        self._here = hosts == {os.uname().nodename.partition(".")[0]}
        if accounting and not self.host.has("sacct"):
            raise BadInput("--fugaku needs Slurm's commands", "there is no sacct on PATH", advice)

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        """See `Scheduler.submit`. Of a chain, all jobs are taken or none."""
        if submission.bulk is not None:
            job_id = self._sbatch(submission, 0, [f"--array=0-{submission.bulk - 1}"])
            return tuple(f"{job_id}_{number}" for number in range(submission.bulk))
        if len(submission.scripts) == 1:
            return (self._sbatch(submission, 0, []),)
        ids: List[str] = []
        for number, needs in enumerate(submission.needs):
            needed = ":".join(ids[need] for need in needs)
            how = [f"--dependency=afterok:{needed}", "--kill-on-invalid-dep=yes"] if needs else ["--hold"]
            try:
                ids.append(self._sbatch(submission, number, how))
            except SubmitError as refusal:
                self._take_back(ids, submission.name, refusal)
        try:
            self._release([job_id for job_id, needs in zip(ids, submission.needs) if not needs])
        except UnansweredError as error:
            raise AnswerLostError(
                f"all jobs of {submission.name} are in, and those held may be so still: {error}"
            ) from error
        return tuple(ids)

    def _sbatch(self, submission: Submission, number: int, how: Sequence[str]) -> str:
        script = submission.scripts[number]
        given = sbatch.words(script.read_text(encoding="utf-8", errors="surrogateescape"))
        command = [*_SUBMIT, *self.options, *given, *_ALWAYS, *how, f"./{script.name}"]
        answer = hand_over(self.host, command, self.submit_timeout, submission, _HOW_TO_GET_ONE)
        return sbatch.taken(answer)

    def _take_back(self, ids: Sequence[str], name: str, refusal: SubmitError) -> NoReturn:
        """Cancel the jobs of a chain that cannot be completed. None has run: the first are held."""
        try:
            self.cancel(ids)
        except UnansweredError as error:
            raise AnswerLostError(f"Slurm took only some jobs of {name}: {refusal}; {error}") from error
        raise refusal

    def _release(self, ids: Sequence[str]) -> None:
        for chunk in command_lines(ids):
            answer = self._run(["scontrol", "release", ",".join(chunk)])
            if answer.code and _other_errors(answer):
                raise _unanswered("scontrol release", answer)

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        """See `Scheduler.find`. Jobs of a chain that its submission has left held are released."""
        rows = self._named(self._queue(), name, parts)
        ids = _ids(rows, name, parts)
        if len(ids) < parts and self._configuration().accounting:
            names = [name, *(sbatch.step_name(name, number) for number in range(parts if parts > 1 else 0))]
            days = self.history_days or _USUAL_DAYS
            since = ["-X", "-S", f"now-{days}days", f"--name={','.join(names)}"]
            ids = _ids([*self._named(self._history(since), name, parts), *rows], name, parts)
        held = [row.job_id for row in rows if row.reason == "JobHeldUser" and row.name != name and row.job_id in ids]
        if len(ids) == parts and held:
            self._release(held)
        return ids

    def _named(self, rows: Iterable[JobRow], name: str, parts: int) -> List[JobRow]:
        names = {name, *(sbatch.step_name(name, number) for number in range(parts))}
        return [row for row in rows if row.name in names]

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.poll`. The queue has also jobs that ended not long ago."""
        found = self._statuses(self._queue_of(ids))
        return {job_id: self._patient(job_id, found.get(job_id, Status(Phase.ABSENT))) for job_id in ids}

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.look_back`.

        The history is late, so that jobs that have ended may still run there: they are absent. Where there is none, a
        job that the queue does not know has ended, and may have run: its ending says not to try again.
        """
        if not self._configuration().accounting:
            forgotten = Status(Phase.ENDED, "forgotten", self._forgotten())
            found = {**dict.fromkeys(ids, forgotten), **self._statuses(self._queue_of(ids))}
            return {job_id: found[job_id] for job_id in ids}
        rows: List[JobRow] = []
        for chunk in command_lines(_parents(ids)):
            rows += self._history(["-X", "-j", ",".join(chunk)])
        found = {name: each for name, each in self._statuses(rows).items() if each.phase is Phase.ENDED}
        return {job_id: found.get(job_id, Status(Phase.ABSENT)) for job_id in ids}

    def _forgotten(self) -> Ending:
        age = self._configuration().remembers
        return Ending(
            False,
            f"ended in an unknown way: Slurm keeps no history here and forgets a job {age or 0:g} s after its end",
            "it is not tried again, because it may have run: look at its files, then type: pytest --fugaku --lf",
        )

    def figures(self, job_id: str, statistics: Path) -> str:
        """See `Scheduler.figures`: the most memory that the job used, by sacct. Slurm writes no file."""
        try:
            if not (job_id and self._configuration().accounting):
                return ""
            answer = self._run([*_ASK, "sacct", "-n", "-P", "-j", _checked(job_id), "--format=MaxRSS"])
        except UnansweredError:
            return ""
        used = listing.most_memory(answer.out)
        return f"memory: {used} used" if used else ""

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """See `Scheduler.how_to_cancel`."""
        return " ".join(["scancel", *(shlex.quote(word) for word in ranges(ids))])

    def cancel(self, ids: Sequence[str]) -> None:
        """See `Scheduler.cancel`."""
        for chunk in command_lines(ranges(ids)):
            answer = self._run(["scancel", *chunk])
            if answer.code and _other_errors(answer):
                raise _unanswered("scancel", answer)

    def _configuration(self) -> Configuration:
        """How the cluster is configured. It is asked once."""
        if self._configured is None:
            answer = self._run(["scontrol", "show", "config"])
            if answer.code:
                raise _unanswered("scontrol show config", answer)
            try:
                self._configured = listing.configuration(answer.out)
            except UnreadableError as error:
                raise UnansweredError(str(error)) from error
        return self._configured

    def _queue_of(self, ids: Sequence[str]) -> Iterator[JobRow]:
        for chunk in command_lines(_parents(ids)):
            yield from self._queue("-j", ",".join(chunk))

    def _queue(self, *which: str) -> List[JobRow]:
        """Our jobs in the queue. An unknown id among others is passed over; alone it is an error."""
        answer = self._run([*_ASK, "squeue", "--me", "-h", "-r", "-t", "all", "-O", QUEUE, *which])
        if answer.code and _UNKNOWN_ID in answer.text:
            return []
        return _rows("squeue", answer)

    def _history(self, which: Sequence[str]) -> List[JobRow]:
        return _rows("sacct", self._run([*_ASK, "sacct", "-n", "-P", *which, f"--format={HISTORY}"]))

    def _run(self, command: Sequence[str]) -> Answer:
        return ask(self.host, command, self.timeout)

    def _statuses(self, rows: Iterable[JobRow]) -> Dict[str, Status]:
        try:
            return {row.job_id: status(row) for row in rows}
        except UnreadableError as error:
            raise UnansweredError(f"Slurm's answer cannot be read: {error}") from error

    def _patient(self, job_id: str, found: Status) -> Status:
        """The status; a stuck job counts as waiting until it has been stuck for long."""
        if found.phase is not Phase.STUCK:
            self._stuck.pop(job_id, None)
            return found
        since = self._stuck.setdefault(job_id, self.clock())
        return found if self.clock() - since >= self.patience else replace(found, phase=Phase.QUEUED, ending=None)


def ranges(ids: Iterable[str]) -> List[str]:
    """The ids, with jobs of one array in one word, as scancel reads it: 12_[0-3,7]."""
    numbers: Dict[str, List[int]] = {}
    for job_id in ids:
        parent, _, number = _checked(job_id).partition("_")
        numbers.setdefault(parent, []).extend([int(number)] if number else [])
    return [f"{parent}_[{','.join(spans(parts))}]" if parts else parent for parent, parts in numbers.items()]


def _parents(ids: Iterable[str]) -> List[str]:
    return list(dict.fromkeys(_checked(job_id).partition("_")[0] for job_id in ids))


def _checked(job_id: str) -> str:
    """A job id, which is part of a command.

    Raises:
        BadInput: it is none.
    """
    if not JOB_ID.fullmatch(job_id):
        raise BadInput(
            f"{job_id!r} is no job id of Slurm",
            "one is a number, or a number with _number after it",
            "start a new session: the folder of this one is damaged; delete its jobs yourself: scancel",
        )
    return job_id


def _ids(rows: Iterable[JobRow], name: str, parts: int) -> Tuple[str, ...]:
    """The ids of the parts of a submission among rows of its names.

    An array is in as a whole, so any of its jobs stands for all. Of a chain that was refused before, cancelled jobs may
    be listed: the newest of a name counts.
    """
    newest: Dict[str, str] = {}
    for row in sorted(rows, key=lambda row: int(row.job_id.partition("_")[0])):
        newest[row.name] = row.job_id
    if name in newest:
        parent, of_array, _ = newest[name].partition("_")
        return tuple(f"{parent}_{number}" for number in range(parts)) if of_array else (parent,)
    steps = (newest.get(sbatch.step_name(name, number)) for number in range(parts))
    return tuple(job_id for job_id in steps if job_id is not None)


def _rows(command: str, answer: Answer) -> List[JobRow]:
    if answer.code:
        raise _unanswered(command, answer)
    try:
        return list(listing.jobs(answer.out))
    except UnreadableError as error:
        raise UnansweredError(f"{command}'s answer cannot be read: {error}") from error


def _other_errors(answer: Answer) -> bool:
    """Whether a command complains of more than jobs that have ended already."""
    lines = [line for line in answer.text.splitlines() if line.strip()]
    return not lines or not all(_ENDED_ALREADY.search(line) for line in lines)


def _unanswered(command: str, answer: Answer) -> UnansweredError:
    return UnansweredError(f"{command} (exit code {answer.code}): {answer.text.strip()[:500] or 'it said nothing'}")
