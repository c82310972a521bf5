"""The `Scheduler` for PJM: calls pjsub, pjstat and pjdel, one process at a time."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from pjm.batch.host import Host, LocalHost, ask, command_lines, hand_over, spans
from pjm.batch.pjm import pjstat, pjsub
from pjm.batch.pjm.messages import errors, explained
from pjm.batch.pjm.pjstat import JOB_ID, JobRow
from pjm.batch.pjm.status import status
from pjm.batch.scheduler import (
    LONGEST_SUBMISSION,
    Limits,
    Phase,
    Resources,
    Status,
    Submission,
    UnansweredError,
    UnreadableError,
)
from pjm.errors import BadInput

# REASON last: it is free text, which may hold the delimiter.
_ITEMS = "jid,st,ec,pc,sn,sdt,elp,elpl,ermsg"
_GONE_ALREADY = {"0112", "0113", "0119"}  # pjdel: does not exist, not in a state for it, accepted before
COMMANDS = ("pjsub", "pjstat", "pjdel")
_HOW_TO_GET_ONE = "run it on a login node, or try it here with --fugaku --fugaku-emulate, or under: pjm emulator run --"


@dataclass(frozen=True)
class PjmScheduler:
    """A `Scheduler` that calls PJM's commands.

    Attributes:
        host: the machine on which the commands run.
        options: options for every pjsub, such as --no-check-directory.
        submit_timeout: seconds after which the answer of a pjsub counts as lost.
        timeout: seconds after which the other commands count as unanswered.
        history_days: how far back to look for ended jobs; None for PJM's own (3 days by default).
        ahead: how far PJM's local time is ahead of ours.
        now: our current time, to complete the dates, which PJM gives without a year.
    """

    host: Host = field(default_factory=LocalHost)
    options: Tuple[str, ...] = ()
    submit_timeout: float = LONGEST_SUBMISSION
    timeout: float = 120.0
    history_days: Optional[int] = None
    ahead: timedelta = timedelta()
    now: Callable[[], datetime] = datetime.now

    bulk_number = "$PJM_BULKNUM"
    directives = staticmethod(pjsub.directives)
    # Fugaku's ignores -std and -of, and without options writes below output.JOBID.
    mpiexec = ("mpiexec", "-stdout-proc", "{output}.out", "-stderr-proc", "{output}.err", "-n", "{ranks}")
    limits = Limits()

    def check(self, resources: Resources, where: str) -> None:
        """See `Scheduler.check`."""
        for name in ("cpus", "mem", "gres"):
            if getattr(resources, name) is not None:
                raise BadInput(
                    f"{where}: the mark fugaku has {name}={getattr(resources, name)!r}",
                    "PJM gives whole nodes, with all that they have",
                    f"take out {name}=, and ask for nodes=",
                )

    def require_commands(self, advice: str = _HOW_TO_GET_ONE) -> None:
        """Check that PJM's commands exist; ``advice`` says what to do if not.

        Raises:
            BadInput: a command is missing.
        """
        for name in COMMANDS:
            if not self.host.has(name):
                raise BadInput("--fugaku needs PJM's commands", f"there is no {name} on PATH", advice)

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        """See `Scheduler.submit`. The scripts of a step job say which steps each step needs."""
        command = ["pjsub", *self.options]
        if submission.bulk is not None:
            command += ["--bulk", "--sparam", f"0-{submission.bulk - 1}"]
        elif len(submission.scripts) > 1:
            command += ["--step", "--sparam", f"jnam={submission.name}"]
        # Relative paths: pjsub would split a path at a comma.
        command += [os.path.relpath(script, submission.folder) for script in submission.scripts]
        answer = hand_over(self.host, command, self.submit_timeout, submission, _HOW_TO_GET_ONE)
        return pjsub.taken(answer, submission)

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        """See `Scheduler.find`."""
        for view in ([], self._history()):
            rows = self._ask([*view, "--data", "--choose", "jid,jmdl,jnam"])
            ids = {row.job_id for row in rows if row.name == name}
            listed = {job_id for job_id in ids if parent(job_id) != job_id}
            if ids and not listed and any(row.name == name and row.model in ("BU", "ST") for row in rows):
                raise UnansweredError(f"PJM has {name} and does not list its parts yet")
            if ids:
                return tuple(sorted(listed or ids, key=_order))
        return ()

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.poll`."""
        return self._listed([], ids)

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.look_back`."""
        return self._listed(self._history(), ids)

    def figures(self, job_id: str, statistics: Path) -> str:
        """See `Scheduler.figures`: the most memory that the job used."""
        try:
            return pjstat.memory_use(statistics.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ""

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """See `Scheduler.how_to_cancel`."""
        return " ".join(["pjdel", *(shlex.quote(word) for word in ranges(ids))])

    def cancel(self, ids: Sequence[str]) -> None:
        """See `Scheduler.cancel`."""
        for chunk in command_lines(ranges(ids)):
            answer = ask(self.host, ["pjdel", *chunk], self.timeout)
            wrong = [message for message in errors(answer.text) if message.number not in _GONE_ALREADY]
            if wrong or (answer.code and not errors(answer.text)):
                reason = "; ".join(map(str, wrong)) or answer.text.strip() or f"exit code {answer.code}"
                raise UnansweredError(f"pjdel: {reason}")

    def _listed(self, view: Sequence[str], ids: Sequence[str]) -> Mapping[str, Status]:
        statuses: Dict[str, Status] = {}
        for chunk in command_lines(dict.fromkeys(parent(job_id) for job_id in ids)):
            try:
                statuses.update(self._statuses(self._ask([*view, "--data", "--choose", _ITEMS, *chunk]), ids))
            except UnreadableError as error:
                raise UnansweredError(f"pjstat's answer cannot be read: {error}") from error
        return {job_id: statuses.get(job_id, Status(Phase.ABSENT)) for job_id in ids}

    def _history(self) -> List[str]:
        return ["-H"] if self.history_days is None else ["-H", f"day={self.history_days}"]

    def _ask(self, arguments: Sequence[str]) -> Tuple[JobRow, ...]:
        answer = ask(self.host, ["pjstat", "-E", *arguments], self.timeout)
        if answer.code or errors(answer.text):
            reason = explained(answer.text) or answer.text.strip()[:500] or "it said nothing"
            raise UnansweredError(f"pjstat (exit code {answer.code}): {reason}")
        try:
            return pjstat.jobs(answer.out)
        except UnreadableError as error:
            raise UnansweredError(f"pjstat's answer cannot be read: {error}") from error

    def _statuses(self, rows: Iterable[JobRow], ids: Iterable[str]) -> Iterator[Tuple[str, Status]]:
        """Statuses of the ids that are listed themselves, or whose parent's status holds for all its parts."""
        listed = {row.job_id: row for row in rows}
        for job_id in ids:
            above = listed.get(parent(job_id))
            if job_id in listed:
                yield job_id, self._status(listed[job_id])
            elif above is not None and (above.state in ("RJT", "CCL") or _not_begun(self._status(above))):
                yield job_id, self._status(above)

    def _status(self, row: JobRow) -> Status:
        there = status(row, self.now() + self.ahead)
        return there if there.started is None else replace(there, started=there.started - self.ahead.total_seconds())


def parent(job_id: str) -> str:
    """The id of the job that a sub job or step belongs to; for a normal job, its own id.

    Raises:
        BadInput: `job_id` is not a job id.
    """
    if not JOB_ID.fullmatch(job_id):
        raise BadInput(
            f"{job_id!r} is no job id of PJM",
            "one is a number, or a number with [number] or _number after it",
            "start a new session: the folder of this one is damaged; delete its jobs yourself: pjdel",
        )
    return re.split(r"[_\[]", job_id)[0]


def ranges(ids: Iterable[str]) -> List[str]:
    """The ids, with neighbouring parts joined into ranges as PJM reads them: 12[0-3], 12_1-2."""
    numbers: Dict[Tuple[str, str], List[int]] = {}
    for job_id in ids:
        kind = "[" if "[" in job_id else "_" if "_" in job_id else ""
        numbers.setdefault((parent(job_id), kind), []).append(_order(job_id)[1])
    return [
        f"{job}[{text}]" if kind == "[" else f"{job}_{text}" if kind else job
        for (job, kind), parts in numbers.items()
        for text in spans(parts)
    ]


def _order(job_id: str) -> Tuple[int, int]:
    numbers = [int(number) for number in re.findall(r"\d+", job_id)]
    return numbers[0], numbers[1] if len(numbers) > 1 else -1


def _not_begun(above: Status) -> bool:
    return above.phase in (Phase.QUEUED, Phase.HELD, Phase.STUCK)
