"""The tables of states and reasons."""

from __future__ import annotations

import pytest

from pjm.batch.cause import Cause
from pjm.batch.scheduler import Phase
from pjm.batch.slurm.codes import ENDS, HELD, NEVER, STATES

# squeue(1) of Slurm 22.05, JOB STATE CODES: all of them.
MANUAL = (
    "BOOT_FAIL CANCELLED COMPLETED CONFIGURING COMPLETING DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PENDING PREEMPTED "
    "RUNNING RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING REVOKED SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED "
    "SUSPENDED TIMEOUT"
)


def test_every_state_of_the_manual_page_has_a_phase() -> None:
    assert set() == set(MANUAL.split()) - set(STATES)


def test_every_end_but_those_that_the_exit_code_tells_has_a_cause() -> None:
    ends = {state for state, phase in STATES.items() if phase is Phase.ENDED}

    assert {"COMPLETED", "FAILED"} == ends - set(ENDS)
    assert set(ENDS) <= ends


def test_no_reason_is_both_held_and_hopeless() -> None:
    assert set() == set(HELD) & set(NEVER)


@pytest.mark.parametrize("cause", [*ENDS.values(), *NEVER.values()], ids=lambda cause: cause.meaning)
def test_a_cause_is_a_sentence_about_the_job_and_says_what_to_do(cause: Cause) -> None:
    assert cause.meaning[-1] != "." != cause.advice[-1]
    assert cause.advice.format(longer="01:00:00")
    if cause.retry:
        assert "run it again" in cause.advice
