"""States, codes and reasons of PJM become phases and endings: what happened, what to do, try again or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjm.batch.pjm.codes import CODE_NAMES, STATES
from pjm.batch.pjm.pjstat import JobRow
from pjm.batch.pjm.status import ending, status
from pjm.batch.scheduler import Phase, UnreadableError

NOW = datetime(2025, 2, 3, 5, 0, 0)
ENDED = JobRow("12", "EXT", 0, 0, 0, "", "02/03 04:05:06", 1802, 1800)


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("ACC", Phase.QUEUED),
        ("QUE", Phase.QUEUED),
        ("RNA", Phase.QUEUED),
        ("RNP", Phase.RUNNING),
        ("RUN", Phase.RUNNING),
        ("RNE", Phase.ENDING),
        ("RNO", Phase.ENDING),
        ("EXT", Phase.ENDED),
        ("CCL", Phase.ENDED),
        ("RJT", Phase.ENDED),
        ("HLD", Phase.HELD),
        ("ERR", Phase.STUCK),
        ("SPD", Phase.RUNNING),
        ("QUEUED", Phase.QUEUED),
        ("RUNNING-A", Phase.QUEUED),
        ("END", Phase.ENDED),
        ("CANCEL", Phase.ENDED),
    ],
)
def test_states_are_phases_and_only_ends_have_an_ending(state: str, phase: Phase) -> None:
    found = status(replace(ENDED, state=state), NOW)

    assert phase == found.phase
    assert (found.ending is not None) == (phase in (Phase.ENDED, Phase.STUCK))
    assert state in found.said


@pytest.mark.parametrize(
    ("state", "said"),
    [("NEW", "job 12 is in the state 'NEW', which this program does not know"), ("", "job 12 has no state")],
)
def test_a_state_that_is_missing_or_unknown_is_no_phase(state: str, said: str) -> None:
    with pytest.raises(UnreadableError) as refusal:
        status(replace(ENDED, state=state), NOW)

    assert said == str(refusal.value)


def test_without_a_pjm_code_nothing_is_said_about_success_and_nothing_of_an_exit_code_0_that_failed() -> None:
    found = ending(JobRow("12", "EXT", exit_code=0, signal=0))

    assert ("it ended, and without its PJM code (PC) its success is unknown (EXT, no PC, EC 0, SN 0)") == found.happened
    assert "ask for it: pjstat -H --choose jid,st,ec,pc,sn 12" == found.advice
    assert not found.succeeded
    assert "exit code 3 (EXT, no PC, EC 3, SN 0)" in ending(JobRow("12", "EXT", exit_code=3, signal=0)).happened


def test_times_are_those_of_the_row() -> None:
    found = status(replace(ENDED, state="RUN"), NOW)

    assert (datetime(2025, 2, 3, 4, 5, 6).timestamp(), 1802.0) == (found.started, found.elapsed)


def test_a_planned_start_is_no_start() -> None:
    found = status(JobRow("12", "RNA", 0, 0, 0, "", "(02/03 06:00)", 0, 1800), NOW)

    assert (Phase.QUEUED, None, 0.0) == (found.phase, found.started, found.elapsed)


def test_success_needs_all_three_codes_to_be_zero() -> None:
    assert ending(ENDED).succeeded
    assert ("", False) == (ending(ENDED).advice, ending(ENDED).retry)
    for wrong in (replace(ENDED, exit_code=1), replace(ENDED, pjm_code=11), replace(ENDED, signal=9)):
        assert not ending(wrong).succeeded
    for unknown in (replace(ENDED, exit_code=None), replace(ENDED, pjm_code=None), replace(ENDED, signal=None)):
        assert not ending(unknown).succeeded
    assert not ending(replace(ENDED, state="CCL")).succeeded


def test_an_elapse_kill_names_limit_use_code_and_what_to_write() -> None:
    found = ending(replace(ENDED, pjm_code=11, signal=24, reason="ELAPSE LIMIT EXCEEDED"))

    assert (
        "it ran over its elapse limit, after 00:30:02 of 00:30:00 allowed "
        "(EXT, PC 11: elapse limit, EC 0, SN 24: SIGXCPU, REASON ELAPSE LIMIT EXCEEDED)"
    ) == found.happened
    assert 'elapse="01:00:00"' in found.advice
    assert not found.retry


@pytest.mark.parametrize(
    ("code", "state", "says", "retry"),
    [
        (1, "CCL", "deleted", False),
        (2, "RJT", "rejected", False),
        (3, "CCL", "gate check", False),
        (6, "CCL", "a step that it needs failed", False),
        (7, "CCL", "service time", True),
        (8, "CCL", "gate check", False),
        (9, "EXT", "rebuilt", True),
        (11, "EXT", "elapse limit", False),
        (12, "EXT", "memory", False),
        (16, "EXT", "working directory", False),
        (18, "CCL", "another job", True),
        (20, "EXT", "node it ran on went down", True),
        (21, "EXT", "its shell could not be started", True),
        (23, "EXT", "memory", False),
        (25, "EXT", "node", True),
        (26, "EXT", "prologue", True),
        (100, "EXT", "internal error", True),
        (150, "EXT", "internal error", True),
        (99, "EXT", "does not know", False),
    ],
)
def test_what_is_the_machines_fault_is_tried_again_and_nothing_else(
    code: int, state: str, says: str, retry: bool
) -> None:
    found = ending(replace(ENDED, state=state, pjm_code=code))

    assert (False, retry) == (found.succeeded, found.retry)
    assert says in found.happened
    assert f"PC {code}: {CODE_NAMES.get(code, 'unknown')}" in found.happened
    assert found.advice


@pytest.mark.parametrize(
    ("code", "reason", "says", "retry"),
    [
        (2, "RSCGRP NOT EXIST", "resource group does not exist", False),
        (2, "USELIMIT EXCEED", "budget", False),
        (2, "INSUFF NODE", "more than there is", False),
        (18, "ANOTHER JOB STARTED", "another job", True),
        (140, "LOST COMM", "connection to a node", True),
        (140, "NO CURRENT DIR", "working directory", False),
        (20, "NO CURRENT DIR", "node it ran on went down", True),  # the code says it all
    ],
)
def test_a_reason_makes_a_vague_code_clearer(code: int, reason: str, says: str, retry: bool) -> None:
    found = ending(replace(ENDED, pjm_code=code, reason=reason))

    assert says in found.happened
    assert f"REASON {reason}" in found.happened
    assert retry == found.retry


def test_a_job_stuck_at_the_gate_check_is_explained_and_not_tried_again() -> None:
    found = status(JobRow("12", "ERR", 0, 0, 0, "GATE CHECK"), NOW).ending

    assert found is not None
    assert found.happened.startswith("stuck, because the site's gate check refused it")
    assert found.happened.endswith("(ERR, REASON GATE CHECK)")
    assert "pjstat -s 12" in found.advice
    assert "pjdel 12" in found.advice
    assert (False, False) == (found.succeeded, found.retry)


def test_a_job_stuck_by_an_error_of_the_system_is_tried_again() -> None:
    found = ending(JobRow("12", "ERR", 0, 0, 0, "INTERNAL ERROR"))

    assert (False, True) == (found.succeeded, found.retry)
    assert ending(JobRow("12", "ERR")).retry


@pytest.mark.parametrize(
    ("exit_code", "signal", "says"),
    [
        (1, 0, "exit code 1"),
        (127, 0, "cannot be run or found"),
        (126, 0, "cannot be run or found"),
        (125, 0, "folder cannot be entered"),
        (139, 0, "signal 11 (SIGSEGV)"),
        (137, 0, "signal 9 (SIGKILL, often for want of memory)"),
        (0, 9, "signal 9 (SIGKILL, often for want of memory)"),
        (0, 99, "signal 99 (no signal of this machine)"),
        (None, None, "does not say how"),
    ],
)
def test_what_the_script_did_is_not_tried_again(exit_code: Optional[int], signal: Optional[int], says: str) -> None:
    found = ending(replace(ENDED, exit_code=exit_code, signal=signal))

    assert says in found.happened
    assert (False, False) == (found.succeeded, found.retry)
    assert found.advice


def test_a_job_cancelled_or_rejected_without_a_code_is_still_explained() -> None:
    assert "deleted" in ending(JobRow("12", "CCL")).happened
    assert "rejected" in ending(JobRow("12", "RJT")).happened


@given(
    st.builds(
        JobRow,
        job_id=st.just("12"),
        state=st.sampled_from(sorted(STATES)),
        exit_code=st.none() | st.integers(0, 300),
        pjm_code=st.none() | st.integers(0, 300),
        signal=st.none() | st.integers(0, 300),
        reason=st.text(max_size=20),
        start=st.text(max_size=20),
        elapsed=st.none() | st.integers(0, 10**6),
        elapse_limit=st.none() | st.integers(0, 10**6),
    )
)
def test_whatever_pjm_says_there_are_words_for_it(row: JobRow) -> None:
    found = status(row, NOW)

    assert (found.ending is not None) == (found.phase in (Phase.ENDED, Phase.STUCK))
    if found.ending:
        assert found.ending.happened
        assert found.ending.succeeded == (found.ending.advice == "")
        assert not (found.ending.succeeded and (row.pjm_code or row.exit_code or row.signal))
