"""Decides what happens to a test whose job gave no result: skip it, submit it again, or fail it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence, Union

from pjm.batch.scheduler import Ending
from pjm.follow.results import Verdict
from pjm.job.passed import reason_to_skip


@dataclass(frozen=True)
class Skip:
    """The test is skipped: it waits for a test that did not pass.

    Attributes:
        reason: text for the report of the skipped test.
    """

    reason: str


@dataclass(frozen=True)
class Retry:
    """The test is submitted again.

    Attributes:
        counted: whether as one of the times that `--fugaku-retries` allows.
    """

    counted: bool = True


@dataclass(frozen=True)
class Fail:
    """The test is reported as failed.

    Attributes:
        retries: how often the test was submitted again before; 0 if its job ended in a way that is not retried.
    """

    retries: int


def decide(
    after: Sequence[str],
    results: Mapping[str, Verdict],
    ending: Ending,
    tries: int,
    limit: int,
    shared: bool,
    progress: bool,
) -> Union[Skip, Retry, Fail]:
    """Decide what happens to a test without a result.

    Args:
        after: the tests that must pass before it.
        results: the known results, by test.
        ending: how its job ended.
        tries: how often the test was submitted again before.
        limit: how often it may be submitted again.
        shared: whether other tests had used a part of its job's time.
        progress: whether one of them had ended. Otherwise a suite that hangs would cost a job for each of its tests.
    """
    failed = next((test for test in after if test in results and not results[test].passed), None)
    if failed is not None:
        return Skip(reason_to_skip(failed))
    again = ending.retry or (ending.out_of_time and shared)
    if any(test not in results for test in after):
        return Retry()
    if ending.out_of_time and progress:
        return Retry(counted=False)
    return Retry() if again and tries < limit else Fail(tries if again else 0)
