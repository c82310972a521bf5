"""A batch system that does what a test tells it, on a clock that the test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from pjm.batch.scheduler import Ending, Limits, Phase, Resources, Status, Submission
from pjm.errors import BadInput
from pjm.job.assignment import EVENTS, PLAN, share_folder
from pjm.job.events import EventLog

Answer = Union[Status, Exception]
NORMAL = Ending(True, "ended normally")


@dataclass
class MadeUpScheduler:
    """Takes every job and says it is queued, unless told otherwise.

    Attributes:
        submissions, cancelled, looked_up: what it was asked.
        refusals: what the next submissions meet, in turn; None lets one through.
        known: what `find` gives, by name, besides what was submitted.
        statuses: what it says of each id.
        polls: number of questions.
        silent: raised by the next polls, in turn.
        measured: what it says of a job that has ended.
        limits: what it allows and remembers.
    """

    submissions: List[Submission] = field(default_factory=list)
    cancelled: List[Tuple[str, ...]] = field(default_factory=list)
    looked_up: List[str] = field(default_factory=list)
    refusals: List[Optional[Exception]] = field(default_factory=list)
    known: Dict[str, Tuple[str, ...]] = field(default_factory=dict)
    statuses: Dict[str, Status] = field(default_factory=dict)
    polls: int = 0
    silent: List[Exception] = field(default_factory=list)
    measured: str = ""
    limits: Limits = Limits()  # noqa: RUF009 - a frozen value
    on_submit: Optional[Callable[[Submission], None]] = None

    @property
    def bulk_number(self) -> str:
        return "$NUMBER"

    @property
    def mpiexec(self) -> Tuple[str, ...]:
        return ("run-ranks", "{ranks}", "{output}")

    def check(self, resources: Resources, where: str) -> None:
        if resources.gres == "refused":
            raise BadInput(f"{where}: no", "there is none", "take it out")

    def directives(
        self, name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
    ) -> Iterable[str]:
        return [f"#MADE-UP {name} {resources.nodes} {number} {needs}"]

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        self.submissions.append(submission)
        if self.refusals:
            refusal = self.refusals.pop(0)
            if refusal is not None:
                raise refusal
        number = len(self.submissions)
        ids = tuple(f"{number}.{part}" for part in range(submission.parts))
        self.known[submission.name] = ids
        for each in ids:
            self.statuses.setdefault(each, Status(Phase.QUEUED))
        if self.on_submit is not None:
            self.on_submit(submission)
        return ids

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        self.looked_up.append(name)
        return self.known.get(name, ())

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        self.polls += 1
        if self.silent:
            raise self.silent.pop(0)
        return {each: self.statuses.get(each, Status(Phase.ABSENT)) for each in ids}

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        return self.poll(ids)

    def figures(self, job_id: str, statistics: Path) -> str:
        return self.measured

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        return f"delete {' '.join(ids)}"

    def cancel(self, ids: Sequence[str]) -> None:
        self.cancelled.append(tuple(ids))

    def run(self, part: str, elapsed: float = 1.0) -> None:
        """Have a part running."""
        self.statuses[part] = Status(Phase.RUNNING, started=1000.0, elapsed=elapsed)

    def end(self, part: str, ending: Ending = NORMAL, elapsed: float = 2.0) -> None:
        """Have a part ended."""
        self.statuses[part] = Status(Phase.ENDED, ending=ending, elapsed=elapsed)


def passed(test: str, when: str = "call", outcome: str = "passed") -> Dict[str, object]:
    """A report as pytest serializes it."""
    path = test.split("::")[0]
    return {
        "nodeid": test,
        "location": (path, 0, test.split("::")[-1]),
        "keywords": {},
        "outcome": outcome,
        "longrepr": None,
        "when": when,
        "user_properties": [],
        "sections": [],
        "duration": 0.001,
        "start": 0.0,
        "stop": 0.001,
        "$report_type": "TestReport",
    }


def write_results(folder: Path, number: int, tests: Optional[Sequence[str]] = None, end: bool = True) -> EventLog:
    """Write what the worker of a share writes of passing tests; of all of its tests by default."""
    shares = json.loads((folder / PLAN).read_text(encoding="utf-8"))["shares"]
    share_folder(folder, number).mkdir(exist_ok=True)
    log = EventLog(share_folder(folder, number) / EVENTS)
    log.write("begin")
    for test in shares[number]["tests"] if tests is None else tests:
        log.write("start", test=test)
        for when in ("setup", "call", "teardown"):
            log.write("phase", test=test, when=when)
            log.write("report", data=passed(test, when))
        log.write("stop", test=test)
    if end:
        log.write("end")
    return log
