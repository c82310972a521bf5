"""Decides from a test's reports whether it passed. Shared by the local run, the job and the client."""

from __future__ import annotations

from typing import Iterable, Tuple


def passed(reports: Iterable[Tuple[str, str]]) -> bool:
    """Whether a test has passed, given the phase and outcome of each of its reports, in order.

    After a failure the test has failed, whatever reports follow: a failed subtest is followed by more reports. Only a
    new attempt at the whole test starts again.
    """
    called = failed = False
    for when, outcome in reports:
        if outcome == "rerun":  # pytest-rerunfailures: another attempt begins
            called = failed = False
        elif outcome == "failed":
            failed = True
        elif when == "call":
            called = outcome == "passed"
    return called and not failed


def reason_to_skip(before: str) -> str:
    """The reason to skip a test that waits for `before`, which did not pass."""
    return f"waits for {before}, which did not pass"
