"""A watch of some tests with a made-up scheduler, on a clock that the test moves: no processes, no waiting."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from pjm.batch.scheduler import Ending, Resources
from pjm.follow.interrupts import Hold
from pjm.follow.results import Result
from pjm.follow.resume import load
from pjm.follow.watch import Watch
from pjm.job.share_events import SuiteProperty
from pjm.marks.mark import Defaults
from pjm.plan.job_folder import Workplace
from pjm.plan.packing import Site, Task
from pjm.plan.settings import Settings
from pjm.sessions import index
from pjm.sessions.session import Session
from tests.builders.made_up_scheduler import MadeUpScheduler, write_results

MACHINE = Ending(False, "a node went down (code 20)", "nothing to do", retry=True)
REQUEST = Ending(False, "over its elapse limit (code 11)", "raise elapse=", retry=False)
OUT_OF_TIME = Ending(False, "ran over its elapse limit", "raise elapse=", out_of_time=True)
A, B, C = (f"test_it.py::{name}" for name in "abc")


@dataclass
class Following:
    """A watch of some tests, its scheduler and its clock."""

    folder: Path
    tests: Sequence[Task]
    settings: Settings
    scheduler: MadeUpScheduler = field(default_factory=MadeUpScheduler)
    hold: Hold = contextlib.nullcontext
    now: float = 0.0
    reported: List[Result] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = index.create(self.folder, {"arguments": [], "checkout": {}})
        self.watch = self.make(self.session)

    @property
    def place(self) -> Workplace:
        files = {each.nodeid: Path("test_it.py") for each in self.tests}
        return Workplace(("python",), self.folder, files=files, places=("test_it.py",), path=True, junit="")

    def make(self, session: Session) -> Watch:
        return Watch(session, self.scheduler, self.settings, self.tests, self.place, self, self.hold)

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1000 + self.now

    def begin(self) -> None:
        self.watch.start(self.watch.plan_unassigned())
        self.step()

    def step(self, seconds: float = 0.0) -> None:
        """Move the clock, in steps of less than any limit, and have the watch do what is due."""
        for _ in range(max(1, int(seconds / 2))):
            self.now += seconds / max(1, int(seconds / 2))
            self.watch.step()
            self.reported += [each for each in self.watch.news if not isinstance(each, SuiteProperty)]
            self.watch.news.clear()

    def results(self, job: int, part: int, tests: Sequence[str] = (), end: bool = True) -> None:
        folder = self.watch.jobs[job].folder
        write_results(folder, part, tests or None, end)

    def outcomes(self) -> Dict[str, str]:
        """Test by test: passed, skipped, or what went wrong."""
        return {
            each.test: each.trouble.happened if each.trouble else "skipped" if each.skipped else "passed"
            for each in self.reported
        }

    def came_back(self) -> None:
        """The client died, and another one takes the session up."""
        self.session.close()
        self.session = index.find(self.folder, self.session.identity)
        self.session.lock()
        self.watch, self.reported = self.make(self.session), []
        load(self.watch, self.session)
        for _ in self.watch.restore():
            self.now += 1


def settings_of(workdir: Path) -> Settings:
    return Settings(
        workdir=workdir,
        emulate=True,
        python=("python",),
        prologue=(),
        retries=2,
        queue_timeout=None,
        run_timeout=None,
        poll=(10.0, 60.0),
        tail=1.0,
        file_operations=2000.0,
        grace=120.0,
        backoff=30.0,
        budget=None,
        site=Site(tests_per_job=2),
        defaults=Defaults(),
        submit_options=(),
    )


def tasks(count: int, **after: Tuple[str, ...]) -> List[Task]:
    return [
        Task(f"test_it.py::{name}", Resources(1, 1800), "test_it.py", None, after.get(name, ()))
        for name in (chr(ord("a") + number) for number in range(count))
    ]
