"""Slurm's states, reasons and exit codes in plain words."""

from __future__ import annotations

import pytest

from pjm.batch.scheduler import Phase, UnreadableError
from pjm.batch.slurm.listing import JobRow, jobs
from pjm.batch.slurm.status import status
from tests.builders.slurm_samples import SACCT, SQUEUE

QUEUE = {row.job_id: row for row in jobs(SQUEUE)}
HISTORY = {row.job_id: row for row in jobs(SACCT)}


@pytest.mark.parametrize(
    ("job_id", "phase"),
    [
        ("8_1", Phase.QUEUED),
        ("6", Phase.HELD),
        ("7", Phase.STUCK),
        ("10", Phase.STUCK),
        ("5", Phase.RUNNING),
        ("13", Phase.ENDED),
        ("1_0", Phase.ENDED),
    ],
)
def test_a_state_is_a_phase_and_some_reasons_count_more(job_id: str, phase: Phase) -> None:
    found = status(QUEUE[job_id])

    assert phase is found.phase
    assert (phase in (Phase.ENDED, Phase.STUCK)) == (found.ending is not None)


def test_start_and_use_are_those_of_jobs_that_ran() -> None:
    running, waiting, cancelled = (status(QUEUE[job_id]) for job_id in ("5", "7", "1_0"))

    assert (1796010239.0, 11.0) == (running.started, running.elapsed)
    assert (None, None) == (waiting.started, waiting.elapsed)
    assert (None, None) == (cancelled.started, cancelled.elapsed)


@pytest.mark.parametrize(
    ("row", "happened"),
    [
        (QUEUE["2"], "its script ended with exit code 7, after 00:00:01 of 00:30:00 allowed (FAILED, exit code 7:0"),
        (QUEUE["3"], "it was ended by signal 9 (SIGKILL, often for want of memory), after"),
        (QUEUE["4"], "it was ended by signal 11 (SIGSEGV), after 00:00:01"),
        (QUEUE["11"], "no node has what it asks for (FAILED, exit code 0:1 SIGHUP, reason BadConstraints)"),
        (QUEUE["1_0"], "it was cancelled (CANCELLED, exit code 0:0)"),
        (QUEUE["7"], "stuck, because it asks for more time than it may have (PENDING, reason PartitionTimeLimit)"),
        (HISTORY["3"], "a job that it needs failed, so it was removed (CANCELLED, exit code 0:0, reason Dependency)"),
        (JobRow("1", "FAILED", 0, 53, reason="RaisedSignal:53"), "its working directory or its output files cannot be"),
        (JobRow("1", "TIMEOUT", 0, 15, elapsed=68, limit=60), "it ran over its elapse limit, after 00:01:08 of 00:01"),
        (JobRow("1", "OUT_OF_MEMORY", 0, 125), "it needed more memory than it had (OUT_OF_MEMORY, exit code 0:125)"),
    ],
)  # fmt: skip
def test_an_end_is_put_into_words_and_not_tried_again(row: JobRow, happened: str) -> None:
    ending = status(row).ending

    assert ending is not None
    assert happened in ending.happened
    assert (False, False) == (ending.succeeded, ending.retry)
    assert ending.advice


@pytest.mark.parametrize("state", ["NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "LAUNCH_FAILED", "REVOKED"])
def test_a_failure_of_the_machine_is_tried_again(state: str) -> None:
    ending = status(JobRow("1", state)).ending

    assert ending is not None
    assert ending.retry


def test_the_advice_after_a_time_limit_is_twice_the_limit() -> None:
    ending = status(JobRow("1", "TIMEOUT", limit=60, elapsed=70)).ending

    assert ending is not None
    assert 'elapse="00:02:00"' in ending.advice


def test_a_job_that_completed_has_succeeded() -> None:
    ending = status(HISTORY["6"]).ending

    assert ending is not None
    assert (True, "ended normally (COMPLETED, exit code 0:0)") == (ending.succeeded, ending.happened)


def test_a_state_that_is_not_known_is_said_and_never_counts_as_waiting() -> None:
    with pytest.raises(UnreadableError, match="job 1 is in the state 'NEW', which this program does not know"):
        status(JobRow("1", "NEW"))
