"""The outcome of a test that ran in a job, or has no result of its own."""

from __future__ import annotations

from typing import Dict, List

import pytest

from pjm.follow.results import NoResult, Result, outcome

TROUBLE = NoResult("vanished", "run it again", "job 1")


def reports(*outcomes: str) -> List[Dict[str, object]]:
    phases = ("setup", "call", "teardown")
    return [{"event": "report", "data": {"when": when, "outcome": each}} for when, each in zip(phases, outcomes)]


PASSED = Result("a", reports("passed", "passed", "passed"))
FAILED = Result("a", reports("passed", "failed", "passed"))
SKIPPED_ITSELF = Result("a", reports("passed", "skipped", "passed"))
SKIPPED = Result("a", skipped="waits for b, which did not pass")
LOST = Result("a", reports("passed", "passed"), trouble=TROUBLE)


@pytest.mark.parametrize(
    ("result", "passed", "failed", "reason"),
    [
        (PASSED, True, False, ""),
        (FAILED, False, True, ""),
        (SKIPPED_ITSELF, False, False, ""),
        (SKIPPED, False, False, "skipped: waits for b, which did not pass"),
        (LOST, False, True, "vanished"),
    ],
    ids=["passed", "failed", "skipped itself", "skipped", "lost"],
)
def test_a_result_passes_fails_or_neither(result: Result, passed: bool, failed: bool, reason: str) -> None:
    assert (passed, failed, reason) == tuple(result.verdict)


@pytest.mark.parametrize(
    ("results", "expected"),
    [({"a": PASSED, "b": SKIPPED}, "passed"), ({"a": FAILED, "b": LOST}, "2 of 3 failed"), ({}, "passed")],
)
def test_several_tests_pass_if_none_of_them_failed(results: Dict[str, Result], expected: str) -> None:
    verdicts = {test: each.verdict for test, each in results.items()}

    assert expected == outcome(["a", "b", "c"], verdicts)
