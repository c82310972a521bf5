"""pytest with a scheduler that answers at once: what is left is the client's own cost. Run by benchmarks/plugin.py."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from unittest import mock

import pytest

from pjm.batch.pjm import pjsub
from pjm.batch.scheduler import Ending, Limits, Phase, Resources, Scheduler, Status, Submission
from pjm.job.assignment import EVENTS, PLAN, share_folder
from pjm.job.events import EventLog


class AnsweringScheduler:
    """Has run every job by the time it is asked about; another process writes what the job's would have written."""

    def __init__(self) -> None:
        self.submissions = 0
        self.polls = 0
        self._ids: Dict[str, Tuple[str, ...]] = {}

    bulk_number = "$PJM_BULKNUM"

    @property
    def mpiexec(self) -> Tuple[str, ...]:
        """See `Scheduler.mpiexec`."""
        return ()

    @property
    def limits(self) -> Limits:
        """See `Scheduler.limits`."""
        return Limits()

    def check(self, resources: Resources, where: str) -> None:
        """See `Scheduler.check`."""

    def directives(
        self, name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
    ) -> Iterable[str]:
        """See `Scheduler.directives`."""
        return pjsub.directives(name, resources, number, needs)

    def submit(self, submission: Submission) -> Tuple[str, ...]:
        """See `Scheduler.submit`."""
        self.submissions += 1
        ids = tuple(f"{self.submissions}.{part}" for part in range(submission.parts))
        self._ids[submission.name] = ids
        if not os.fork():
            for part in range(submission.parts):
                write_results(submission.folder, part)
            os._exit(0)
        return ids

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        """See `Scheduler.find`."""
        return self._ids.get(name, ())

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.poll`."""
        self.polls += 1
        ended = Status(Phase.ENDED, ending=Ending(True, "ended normally"), elapsed=1.0)
        return dict.fromkeys(ids, ended)

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.look_back`."""
        raise NotImplementedError

    def figures(self, job_id: str, statistics: Path) -> str:
        """See `Scheduler.figures`."""
        raise NotImplementedError

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """See `Scheduler.how_to_cancel`."""
        raise NotImplementedError

    def cancel(self, ids: Sequence[str]) -> None:
        """See `Scheduler.cancel`."""
        raise NotImplementedError


def write_results(folder: Path, number: int) -> None:
    """What a worker writes of tests that pass."""
    tests: List[str] = json.loads((folder / PLAN).read_text())["shares"][number]["tests"]
    share_folder(folder, number).mkdir()
    log = EventLog(share_folder(folder, number) / EVENTS)
    for test in tests:
        path, _, name = test.partition("::")
        log.write("start", test=test)
        for when in ("setup", "call", "teardown"):
            log.write("phase", test=test, when=when)
            data: Dict[str, object] = {
                "nodeid": test,
                "location": (path, 3, name),
                "keywords": {name: 1, path: 1, "fugaku": 1, "parametrize": 1, "pytestmark": 1, "": 1},
                "outcome": "passed",
                "longrepr": None,
                "when": when,
                "user_properties": [],
                "sections": [],
                "duration": 0.0001,
                "start": 1.0,
                "stop": 1.0001,
                "$report_type": "TestReport",
            }
            log.write("report", data=data)
        log.write("stop", test=test)
    log.write("end")
    log.close()


def main() -> int:
    """Run pytest as the first argument says; write what it cost where the second says."""
    how, result, *arguments = sys.argv[1:]
    scheduler = AnsweringScheduler()
    packing = ["-o", "fugaku_tests_per_job=1", "-o", "fugaku_bulk_limit=1"] if how == "one-per-test" else []
    options = [] if how == "plain" else ["--fugaku", "--fugaku-emulate", "-o", "fugaku_tests_per_job=500", *packing]
    if how == "one-per-test":
        options = ["--fugaku", "--fugaku-emulate", *packing]
    kept: Scheduler = scheduler  # mypy: that it keeps to the interface
    counted = Counted()
    begun = time.perf_counter()
    with mock.patch("pjm.client.batch_system.make", return_value=kept):
        code = pytest.main(["-p", "pytest_pjm", *options, *arguments], plugins=[counted])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    measured = {
        "wall": time.perf_counter() - begun,
        "cpu": usage.ru_utime + usage.ru_stime,
        "submissions": scheduler.submissions,
        "polls": scheduler.polls,
        "tests": counted.tests,
    }
    Path(result).write_text(json.dumps(measured))
    return int(code)


class Counted:
    """Counts tests that have passed."""

    def __init__(self) -> None:
        self.tests = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one."""
        self.tests += report.when == "call" and report.passed


if __name__ == "__main__":
    sys.exit(main())
