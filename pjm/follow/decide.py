"""Decides what becomes of a test that its job gave no result of: skip it, submit it again, or fail it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence, Union

from pjm.batch.scheduler import Ending
from pjm.follow.results import Result
from pjm.job.passed import reason_to_skip


@dataclass(frozen=True)
class Skip:
    """It waits for a test that did not pass.

    Attributes:
        reason: for its report.
    """

    reason: str


@dataclass(frozen=True)
class Retry:
    """It is submitted again."""


@dataclass(frozen=True)
class Fail:
    """It is reported as failed.

    Attributes:
        retries: how often it was submitted again before; 0 if its job's end is not of the kind that is tried again.
    """

    retries: int


def decide(
    after: Sequence[str], results: Mapping[str, Result], ending: Ending, tries: int, limit: int
) -> Union[Skip, Retry, Fail]:
    """What becomes of a test without a result.

    Args:
        after: the tests that must pass before it.
        results: by test, those that are known.
        ending: how its job ended.
        tries: how often it was submitted again before.
        limit: how often it may be.
    """
    failed = next((test for test in after if test in results and not results[test].passed), None)
    if failed is not None:
        return Skip(reason_to_skip(failed))
    if any(test not in results for test in after) or (ending.retry and tries < limit):
        return Retry()
    return Fail(tries if ending.retry else 0)
