"""Causes that lie in the job's own script."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from pjm.batch.cause import ELAPSE, Cause, failure, machine, script_cause, signal_name
from pjm.job.events import BROKEN


@pytest.mark.parametrize(
    ("exit_code", "ended_by", "said"),
    [
        (1, 0, "exit code 1"),
        (0, 9, "signal 9 (SIGKILL, often for want of memory)"),
        (143, 0, "signal 15 (SIGTERM)"),
        (127, 0, "exit code 127: a command cannot be run or found"),
        (125, 0, "folder cannot be entered"),
        (BROKEN, 0, "results could not be written"),
        (255, 0, "exit code 255"),
    ],
)
def test_an_exit_code_or_signal_is_put_into_words(exit_code: int, ended_by: int, said: str) -> None:
    cause = script_cause(exit_code, ended_by)

    assert said in cause.meaning
    assert not cause.retry


def test_a_batch_system_adds_how_it_shares_folders() -> None:
    assert script_cause(125, 0, ", and more").advice.endswith("share, and more")


def test_only_a_failure_of_the_machine_is_tried_again() -> None:
    assert machine("a node failed").retry


def test_a_signal_that_this_machine_does_not_know_has_no_name() -> None:
    assert ("SIGTERM", "no signal of this machine") == (signal_name(15), signal_name(99))


def test_a_failure_says_how_long_the_job_ran_and_the_advice_doubles_its_limit() -> None:
    longer = Cause("it ended", "raise it to {longer}")

    assert ("it ended, after 00:01:10 of 00:01:00 allowed (X)", "raise it to 00:02:00") == said(longer, 60, 70.0)
    assert "it ended (X)" == said(longer, 60, 0.0)[0]
    assert "it ended, after 00:00:05 (X)" == said(longer, None, 5)[0]


def said(cause: Cause, limit: Optional[float], elapsed: Optional[float]) -> Tuple[str, str]:
    ending = failure(cause, "X", limit, elapsed)
    return ending.happened, ending.advice


def test_only_a_job_that_has_ended_ran_out_of_time() -> None:
    assert [True, False] == [failure(ELAPSE, "X", 60, 61, look).out_of_time for look in ("", "look at it")]
    assert "look at it; raise" == failure(ELAPSE, "X", 60, 61, "look at it").advice[:17]
