"""What became of a test that was sent away, ready to be told to pytest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Mapping, Optional, Sequence, Tuple, Union

from pjm.job.events import Event
from pjm.job.passed import passed
from pjm.job.share_events import SuiteProperty, outcomes


@dataclass(frozen=True)
class NoResult:
    """Why a test has no result of its own.

    Attributes:
        happened: what happened to its job or its process.
        advice: what to type or change next.
        job: id of the job, its name and its script.
        sections: title and text: the job's last words.
    """

    happened: str
    advice: str
    job: str
    sections: Tuple[Tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Result:
    """What is to be told of one test.

    Attributes:
        test: node id.
        events: reports, warnings and what is for junit, in order, as they came from the job.
        phase: the last one that began; None if none did.
        trouble: why there is nothing more; None if the test ran to its end.
        skipped: why it was not run; None if it was, or should have been.
        cut_off: seconds it had run when its job ended; None if that is not how it ended.
    """

    test: str
    events: List[Event] = field(default_factory=list)
    phase: Optional[str] = None
    trouble: Optional[NoResult] = None
    skipped: Optional[str] = None
    cut_off: Optional[float] = None

    @property
    def reason(self) -> str:
        """Why it has no result of its own; "" if it has."""
        if self.skipped is not None:
            return f"skipped: {self.skipped}"
        return self.trouble.happened if self.trouble is not None else ""

    @property
    def failed(self) -> bool:
        """Whether it failed, or has no result of its own."""
        return self.trouble is not None or any(outcome == "failed" for _, outcome in outcomes(self.events))

    @property
    def passed(self) -> bool:
        """Whether what waits for it may run."""
        return self.trouble is None and self.skipped is None and passed(outcomes(self.events))


Told = Union[Result, SuiteProperty]


def outcome(tests: Sequence[str], results: Mapping[str, Result]) -> str:
    """What some tests came to, in words for a table."""
    failed = sum(1 for test in tests if test in results and results[test].failed)
    return "passed" if not failed else f"{failed} of {len(tests)} failed"
