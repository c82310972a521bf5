"""Translates Slurm's state, reason and exit code into a `Status` in plain words."""

from __future__ import annotations

from typing import Optional

from pjm.batch.cause import Cause, failure, script_cause, signal_name
from pjm.batch.scheduler import Ending, Phase, Status, UnreadableError
from pjm.batch.slurm.codes import ENDS, HELD, NEEDED, NEVER, STATES
from pjm.batch.slurm.listing import JobRow

# Slurm's exit code 0:53 of a job whose output files could not be opened: no process of it has run. Higher numbers,
# such as 0:125 for want of memory, are no signals either.
_NO_FILES = 53
_FILES = Cause(
    "its working directory or its output files cannot be reached from the compute node",
    "set fugaku_workdir to a folder that compute nodes share",
)


def status(row: JobRow) -> Status:
    """The status of one job. One that waits for what will never come is STUCK.

    Raises:
        UnreadableError: the row has a state that this program does not know.
    """
    phase = STATES.get(row.state)
    if phase is None:
        raise UnreadableError(f"job {row.job_id} is in the state {row.state!r}, which this program does not know")
    if phase is Phase.QUEUED and row.reason in HELD:
        phase = Phase.HELD
    elif phase is Phase.QUEUED and row.reason in NEVER:
        phase = Phase.STUCK
    begun = phase in (Phase.RUNNING, Phase.ENDING) or (phase is Phase.ENDED and row.elapsed > 0)
    return Status(
        phase=phase,
        said=_said(row),
        ending=_ending(row, phase),
        started=row.started if begun else None,
        elapsed=row.elapsed if begun else None,
    )


def _ending(row: JobRow, phase: Phase) -> Optional[Ending]:
    if phase is Phase.STUCK:
        look = f"scontrol show job {row.job_id} says more"
        return failure(NEVER[row.reason], _said(row), row.limit, row.elapsed, look)
    if phase is not Phase.ENDED:
        return None
    if row.state == "COMPLETED":
        return Ending(True, f"ended normally ({_said(row)})")
    return failure(_cause(row), _said(row), row.limit, row.elapsed)


def _cause(row: JobRow) -> Cause:
    if row.state == "CANCELLED" and row.reason in ("Dependency", "DependencyNeverSatisfied"):
        return NEEDED
    if row.state in ENDS:
        return ENDS[row.state]
    if row.reason in NEVER:  # refused after it had been accepted
        return NEVER[row.reason]
    # The reason JobLaunchFailure is no help: it stands beside every script that a signal ended.
    return _FILES if row.ended_by == _NO_FILES else script_cause(row.exit_code, row.ended_by)


def _said(row: JobRow) -> str:
    """Slurm's own words."""
    words = [row.state]
    if STATES.get(row.state) is Phase.ENDED:
        name = f" {signal_name(row.ended_by)}" if 0 < row.ended_by < _NO_FILES else ""
        words.append(f"exit code {row.exit_code}:{row.ended_by}{name}")
    if row.reason:
        words.append(f"reason {row.reason}")
    return ", ".join(words)
