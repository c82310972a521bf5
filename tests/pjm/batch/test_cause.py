"""Causes that lie in the job's own script."""

from __future__ import annotations

import pytest

from pjm.batch.cause import machine, script_cause, signal_name, time_used, with_longer
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


def test_time_is_said_of_jobs_that_ran_and_the_advice_doubles_their_limit() -> None:
    assert ", after 00:01:10 of 00:01:00 allowed" == time_used(60, 70.0)
    assert ("", ", after 00:00:05") == (time_used(60, 0.0), time_used(None, 5))
    assert "raise it to 00:02:00" == with_longer("raise it to {longer}", 60, 70)
