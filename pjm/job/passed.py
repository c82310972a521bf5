"""Whether a test has passed, so that what waits for it may run: one answer for here, for jobs and for the client."""

from __future__ import annotations

from typing import Iterable, Tuple


def passed(reports: Iterable[Tuple[str, str]]) -> bool:
    """Whether a test has passed, of the phases and outcomes of all its reports, in order.

    A failure is for good, because a failed subtest is followed by other reports, unless the whole test is run again.
    """
    called = failed = False
    for when, outcome in reports:
        if outcome == "rerun":  # pytest-rerunfailures: what comes now is another attempt
            called = failed = False
        elif outcome == "failed":
            failed = True
        elif when == "call":
            called = outcome == "passed"
    return called and not failed


def reason_to_skip(before: str) -> str:
    """Why a test is skipped that waits for one that did not pass."""
    return f"waits for {before}, which did not pass"
