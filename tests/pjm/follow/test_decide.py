"""What becomes of a test that its job gave no result of."""

from __future__ import annotations

from typing import Dict, Tuple, Union

import pytest

from pjm.batch.scheduler import Ending
from pjm.follow.decide import Fail, Retry, Skip, decide
from pjm.follow.results import NoResult, Result

THE_TESTS = Ending(False, "ran over its elapse limit")
THE_MACHINES = Ending(False, "vanished", retry=True)
REPORTS = [{"event": "report", "data": {"when": when, "outcome": "passed"}} for when in ("setup", "call", "teardown")]
PASSED = Result("a", REPORTS)
FAILED = Result("b", trouble=NoResult("it took its process down", "", ""))
SKIPPED = Result("b", skipped="waits for a, which did not pass")


@pytest.mark.parametrize(
    ("after", "results", "ending", "tries", "expected"),
    [
        ((), {}, THE_TESTS, 0, Fail(retries=0)),
        ((), {}, THE_TESTS, 1, Fail(retries=0)),
        ((), {}, THE_MACHINES, 0, Retry()),
        ((), {}, THE_MACHINES, 1, Retry()),
        ((), {}, THE_MACHINES, 2, Fail(retries=2)),
        (("a",), {"a": PASSED}, THE_TESTS, 0, Fail(retries=0)),
        (("a",), {}, THE_TESTS, 0, Retry()),
        (("a",), {}, THE_MACHINES, 2, Retry()),
        (("a", "b"), {"a": PASSED, "b": FAILED}, THE_MACHINES, 0, Skip("waits for b, which did not pass")),
        (("a", "b"), {"b": SKIPPED}, THE_MACHINES, 0, Skip("waits for b, which did not pass")),
    ],
    ids=[
        "its own fault",
        "its own fault after a retry",
        "the machine's fault",
        "the machine's fault again",
        "the machine's fault too often",
        "its own fault though what it waits for passed",
        "what it waits for has no result yet",
        "what it waits for has no result yet, and it was retried often",
        "one that it waits for failed",
        "one that it waits for was skipped",
    ],
)
def test_a_test_without_a_result_is_skipped_tried_again_or_failed(
    after: Tuple[str, ...], results: Dict[str, Result], ending: Ending, tries: int, expected: Union[Skip, Retry, Fail]
) -> None:
    assert expected == decide(
        after,
        {test: each.verdict for test, each in results.items()},
        ending,
        tries,
        limit=2,
        shared=True,
        progress=True,
    )


@pytest.mark.parametrize(
    ("shared", "progress", "tries", "expected"),
    [
        (True, True, 2, Retry(counted=False)),
        (True, False, 1, Retry()),
        (True, False, 2, Fail(retries=2)),
        (False, False, 0, Fail(retries=0)),
    ],
    ids=["others ended before", "another one never ended", "another one never ended again", "it had all of the time"],
)
def test_a_test_that_its_job_had_no_time_for_runs_in_another(
    shared: bool, progress: bool, tries: int, expected: Union[Retry, Fail]
) -> None:
    out_of_time = Ending(False, "ran over its elapse limit", out_of_time=True)

    assert expected == decide((), {}, out_of_time, tries, limit=2, shared=shared, progress=progress)
