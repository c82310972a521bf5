"""The outcome of a test that ran in a job, in the form that `replay` reports to pytest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from pjm.follow.jobs import FollowedShare
from pjm.job.events import Event
from pjm.job.share_events import SuiteProperty, outcomes, passed


@dataclass(frozen=True)
class NoResult:
    """Why a test has no result of its own.

    Attributes:
        happened: what happened to its job or its process.
        advice: what to type or change next.
        job: id of the job, its name and its script.
        sections: the job's last output, as pairs of title and text.
    """

    happened: str
    advice: str
    job: str
    sections: Tuple[Tuple[str, str], ...] = ()


class Verdict(NamedTuple):
    """What is kept of a result: the events of many tests would fill the memory. See `Result` for the attributes."""

    passed: bool
    failed: bool
    reason: str


@dataclass(frozen=True)
class Result:
    """The outcome of one test.

    Attributes:
        test: node id.
        events: reports, warnings and junit attributes, in order, as they came from the job.
        phase: the last phase that began; None if none did.
        trouble: why the events are incomplete; None if the test ran to its end or was skipped.
        skipped: why the test was skipped; None if it was not.
        cut_off: seconds the test had run when its job ended; None if the job's end did not cut it off.
        ran_in: the share that ran it; None if none was submitted for the test.
        exit: `why` and `code` of the call of `pytest.exit` in the test; None if there was none.
    """

    test: str
    events: List[Event] = field(default_factory=list)
    phase: Optional[str] = None
    trouble: Optional[NoResult] = None
    skipped: Optional[str] = None
    cut_off: Optional[float] = None
    ran_in: Optional[FollowedShare] = None
    exit: Optional[Dict[str, Any]] = None

    @property
    def reason(self) -> str:
        """Why the test has no result of its own; "" if it has one."""
        if self.skipped is not None:
            return f"skipped: {self.skipped}"
        return self.trouble.happened if self.trouble is not None else ""

    @property
    def failed(self) -> bool:
        """Whether the test failed, or has no result of its own."""
        return self.trouble is not None or any(outcome == "failed" for _, outcome in outcomes(self.events))

    @property
    def passed(self) -> bool:
        """Whether the tests that wait for this one may run."""
        return self.trouble is None and self.skipped is None and passed(outcomes(self.events))

    @property
    def verdict(self) -> Verdict:
        """What is kept of the result when pytest has it."""
        return Verdict(self.passed, self.failed, self.reason)


News = Union[Result, SuiteProperty]


def outcome(tests: Sequence[str], results: Mapping[str, Verdict]) -> str:
    """The outcome of several tests, as text for the table."""
    failed = sum(1 for test in tests if test in results and results[test].failed)
    return "passed" if not failed else f"{failed} of {len(tests)} failed"
