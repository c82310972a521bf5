"""A session of many shares with a made-up batch system and clock: what following it costs. Run by benchmarks/plugin.py.

    python -m benchmarks.many_shares SHARES

The client's own code follows jobs that write real files; pytest is left out, and what the jobs do is not counted. In
the middle Ctrl-C cancels all jobs, then the session is resumed and followed to its end, and `pjm show` looks at it. It
runs twice: once to count file operations, once to measure processor time and memory.
"""

from __future__ import annotations

import collections
import contextlib
import heapq
import io
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple
from unittest import mock

import pytest

from pjm.batch.pjm import pjsub
from pjm.batch.scheduler import Ending, Limits, Phase, Resources, Status, Submission
from pjm.client.follow_session import FollowedSession
from pjm.client.terminal import Progress
from pjm.follow.durations import Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.results import News, Result
from pjm.follow.resume import load
from pjm.follow.watch import Watch
from pjm.job.assignment import events_file, share_folder
from pjm.marks.mark import Defaults
from pjm.plan.job_folder import Workplace
from pjm.plan.packing import Site, Task
from pjm.plan.settings import Settings
from pjm.sessions import index
from pjm.sessions.pace import RATE
from pjm.sessions.session import Session
from pjm.sessions.summary import summarize

TESTS = 20  # in each share
AT_ONCE = 1000
TEST_SECONDS = 60.0
START_SECONDS = 30.0
WHOLE, MACHINE = Ending(True, "ended normally"), Ending(False, "a node went down", "nothing to do", retry=True)

# Functions of `os` that ask no file system.
_NO_FILES = {
    "fspath",
    "getpid",
    "uname",
    "urandom",
    "getcwd",
    "_path_normpath",
    "_path_splitroot",
    "_path_splitroot_ex",
}


class Operations:
    """Counts the file operations of this process, as calls of Python's functions: of any module, by any caller.

    Each function of `os` is one call of the system, and each method of a file; `open` is an open and an fstat.
    """

    def __init__(self) -> None:
        self.count = 0
        self._places: Dict[int, int] = {}  # how far buffered files have been read

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count in this block."""
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """Do not count in this block."""
        before = sys.getprofile()
        sys.setprofile(None)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _profile(self, frame: FrameType, event: str, function: Any) -> None:
        module, owner = getattr(function, "__module__", None), getattr(function, "__self__", None)
        if event == "c_return" and isinstance(owner, io.BufferedReader) and not owner.closed:
            place = owner.raw.tell()
            self.count += self._places.get(id(owner), 0) != place
            self._places[id(owner)] = place
        if event != "c_call" or (isinstance(owner, io.BufferedReader) and function.__name__ != "__exit__"):
            return
        if module == "posix":
            self.count += function.__name__ not in _NO_FILES
        elif module in ("io", "_io") and function.__name__ in ("open", "open_code"):
            self.count += 2
        elif isinstance(owner, io.IOBase) and not isinstance(owner, (io.StringIO, io.BytesIO)):
            self.count += function.__name__ not in ("fileno", "isatty", "tell")


class MadeUpMachine:
    """A clock, and a batch system on it that runs some shares at once; they write the events of their tests."""

    bulk_number = "$PJM_BULKNUM"
    mpiexec = ("mpiexec", "-n", "{ranks}")

    def __init__(self, operations: Operations) -> None:
        self.now = 0.0
        self.polls = 0
        self.busy = 0.0  # processor seconds of what is not the client
        self.interrupt: Optional[float] = None
        self.log: List[Tuple[float, int]] = []  # moments, and the operations counted by then
        self.calls = 0  # file operations of the jobs
        self._operations = operations
        self._folders: Dict[str, Tuple[Path, int, List[str]]] = {}
        self._names: Dict[str, Tuple[str, ...]] = {}
        self._queue: Deque[str] = collections.deque()
        self._running: Dict[str, float] = {}
        self._ended: Dict[str, Status] = {}
        self._coming: List[Tuple[float, str, int]] = []

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self.now

    def time(self) -> float:
        """See `Clock.time`."""
        return 1.7e9 + self.now

    def sleep(self, seconds: float) -> None:
        """Have the jobs do what they do in that time."""
        self.log.append((self.now, self._operations.count))
        with self._away():
            self.now += max(seconds, 0.001)
            while self._coming and self._coming[0][0] <= self.now:
                self._go_on(*heapq.heappop(self._coming))
        if self.interrupt is not None and self.now >= self.interrupt:
            self.interrupt = None
            raise KeyboardInterrupt

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
        with self._away():
            number = len(self._names)
            ids = self._names[submission.name] = tuple(f"{number}[{part}]" for part in range(submission.parts))
            shares = json.loads((submission.folder / "job.json").read_text())["shares"]
            for part, share_id in enumerate(ids):
                self._folders[share_id] = submission.folder, part, shares[part]["tests"]
            self._queue += ids
            self._start()
        self.sleep(1.0)  # as long as a pjsub takes
        return ids

    def find(self, name: str, parts: int) -> Tuple[str, ...]:
        """See `Scheduler.find`."""
        return self._names.get(name, ())

    def poll(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.poll`: the queue."""
        self.polls += 1
        with self._away():
            return {each: Status(Phase.ABSENT) if each in self._ended else self._present(each) for each in ids}

    def look_back(self, ids: Sequence[str]) -> Mapping[str, Status]:
        """See `Scheduler.look_back`: the history."""
        self.polls += 1
        return {each: self._ended.get(each, Status(Phase.ABSENT)) for each in ids}

    def figures(self, job_id: str, statistics: Path) -> str:
        """See `Scheduler.figures`."""
        return ""

    def how_to_cancel(self, ids: Sequence[str]) -> str:
        """See `Scheduler.how_to_cancel`."""
        return ""

    def cancel(self, ids: Sequence[str]) -> None:
        """See `Scheduler.cancel`."""
        for each in ids:
            self._end(each, Ending(False, "was deleted"))

    def _present(self, share_id: str) -> Status:
        if share_id not in self._running:
            return Status(Phase.QUEUED)
        begun = self._running[share_id]
        return Status(Phase.RUNNING, started=1.7e9 + begun, elapsed=self.now - begun)

    def _start(self) -> None:
        while self._queue and len(self._running) < AT_ONCE:
            share_id = self._queue.popleft()
            if share_id not in self._ended:
                self._running[share_id] = self.now
                spread = len(self._running) * TEST_SECONDS / AT_ONCE  # the shares are not in step
                heapq.heappush(self._coming, (self.now + START_SECONDS + spread, share_id, 0))

    def _go_on(self, moment: float, share_id: str, test: int) -> None:
        """Write the next test of a share, or its end; the machine loses every fiftieth share of the first job."""
        if share_id not in self._running:
            return
        folder, part, tests = self._folders[share_id]
        lost = test == TESTS // 2 and part % 50 == 49 and folder.name.endswith("-0-0")
        if lost or test == len(tests):
            if not lost:
                self._append(folder, part, '{"event":"end"}\n')
            self._end(share_id, MACHINE if lost else WHOLE)
            self._start()
            return
        self._append(folder, part, _events(tests[test], first=test == 0))
        heapq.heappush(self._coming, (moment + TEST_SECONDS, share_id, test + 1))

    def _end(self, share_id: str, ending: Ending) -> None:
        begun = self._running.pop(share_id, None)
        elapsed = None if begun is None else self.now - begun
        self._ended[share_id] = Status(Phase.ENDED, ending=ending, elapsed=elapsed)

    def _append(self, folder: Path, part: int, text: str) -> None:
        with contextlib.suppress(FileExistsError):
            share_folder(folder, part).mkdir()
        file = os.open(str(events_file(folder, part)), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, text.encode())
        os.close(file)
        self.calls += 4

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        begun = time.process_time()
        with self._operations.uncounted():
            yield
        self.busy += time.process_time() - begun


def _events(test: str, first: bool) -> str:
    """What a worker writes of a test that passes."""
    begin = '{"event":"begin","time":1.0}\n' if first else ""
    return begin + _TEMPLATE.replace("NUMBER", test.partition("[")[2][:-1])


def _template() -> str:
    test = "test_it.py::test_it[NUMBER]"
    lines: List[Dict[str, object]] = [{"event": "start", "test": test, "time": 1.0}]
    path, _, name = test.partition("::")
    for when in ("setup", "call", "teardown"):
        report = {"nodeid": test, "location": [path, 3, name], "outcome": "passed", "when": when, "longrepr": None}
        words = {"keywords": {name: 1, path: 1, "fugaku": 1, "parametrize": 1, "pytestmark": 1, "": 1}, "sections": []}
        times = {"duration": 1.0, "start": 1.0, "stop": 2.0, "$report_type": "TestReport", "user_properties": []}
        lines += [{"event": "phase", "when": when}, {"event": "report", "data": {**report, **words, **times}}]
    return "".join(json.dumps(line) + "\n" for line in [*lines, {"event": "stop", "test": test}])


_TEMPLATE = _template()


class Reported:
    """Stands for the replay of results: counts how often each test was reported."""

    def __init__(self) -> None:
        self.times: Dict[str, int] = {}
        self.exit = None
        self.ended: List[str] = []

    def report(self, news: News) -> None:
        """See `Replay.report`."""
        assert isinstance(news, Result)
        assert news.passed, news
        self.times[news.test] = self.times.get(news.test, 0) + 1

    def session_over(self, share: object) -> None:
        """See `Replay.session_over`."""


class Life:
    """One session, from its first client to `pjm show`.

    Attributes:
        parts: operations and simulated seconds of each part of the life.
        most: the most operations in a second of each part.
    """

    def __init__(self, workdir: Path, shares: int, count: bool) -> None:
        self.operations = Operations()
        self.machine = MadeUpMachine(self.operations)
        self.parts: Dict[str, Dict[str, float]] = {}
        self.files = 0.0
        self._counting: Callable[[], contextlib.AbstractContextManager[None]] = (
            self.operations.counted if count else contextlib.nullcontext
        )
        resources = Resources(1, int(60 + TESTS * TEST_SECONDS * 1.5))
        names = [f"test_it.py::test_it[{number}]" for number in range(shares * TESTS)]
        self._tasks = [Task(name, resources, "test_it.py", TEST_SECONDS) for name in names]
        self._shares = shares
        self._settings = Settings(
            workdir=workdir, emulate=True, python=("python",), prologue=(), retries=2, queue_timeout=None,
            run_timeout=None, poll=(10.0, 60.0), tail=2.0, file_operations=RATE, grace=120.0, backoff=30.0,
            budget=None, site=Site(), defaults=Defaults(), submit_options=(),
        )  # fmt: skip
        files = {task.nodeid: Path("test_it.py") for task in self._tasks}
        self._place = Workplace(("python",), workdir, files=files, places=("test_it.py",), path=True)
        self._session = index.create(workdir, {"arguments": [], "checkout": {}})

    def run(self) -> None:
        """Live it."""
        waves = -(-self._shares // AT_ONCE)
        middle = (waves / 2) * (START_SECONDS + (TESTS + 1) * TEST_SECONDS)
        with self._made_up(), self._counting():
            with self._part("start"):
                watch, followed = self._client()
                watch.start(watch.plan_unassigned())
            with self._part("followed"), contextlib.suppress(KeyboardInterrupt):
                self.machine.interrupt = middle
                followed.submit_and_follow((), detach=False)
            self._session.close()
            self._session = Session(self._session.folder, self._session.facts)
            with self._part("resumed"):
                watch, followed = self._client()
                load(watch, self._session)
                followed.submit_and_follow((), detach=False)
            with self._part("pjm show"):
                summary = summarize(self._session)
        self._session.close()
        reported = self.reported.times
        assert len(reported) == len(self._tasks) == summary["done"]
        assert set(reported.values()) == {1}
        jobs = list((self._session.folder / "jobs").iterdir())
        self.files = sum(1 for job in jobs for _ in job.rglob("*")) / sum(len(job.shares) for job in watch.jobs)

    def _client(self) -> Tuple[Watch, FollowedSession]:
        interrupts = Interrupts(lambda text: None)
        hold = interrupts.held
        watch = Watch(
            self._session, self.machine, self._settings, self._tasks, self._place, clock=self.machine, hold=hold
        )
        screen = io.StringIO()
        writer = SimpleNamespace(fullwidth=100, width_of_current_line=0, _file=screen)
        reporter: Any = SimpleNamespace(
            verbosity=0, isatty=True, _tw=writer, currentfspath=None, showfspath=True, write_line=screen.write,
            line=screen.write, flush=screen.flush,
        )  # fmt: skip
        option = SimpleNamespace(fugaku_resume=None, maxfail=0)
        session: Any = SimpleNamespace(
            config=SimpleNamespace(option=option), shouldfail=False, shouldstop=False, testsfailed=0,
            Interrupted=pytest.Session.Interrupted, Failed=pytest.Session.Failed,
        )  # fmt: skip
        self.reported = Reported()
        replay: Any = self.reported
        progress = Progress(reporter, len(self._tasks), self.machine.time)
        durations = Durations(self._settings.workdir)
        return watch, FollowedSession(session, watch, replay, progress, interrupts, durations)

    @contextlib.contextmanager
    def _made_up(self) -> Iterator[None]:
        with contextlib.ExitStack() as patches:
            for module in ("pjm.client.follow_session", "pjm.sessions.summary"):
                patches.enter_context(mock.patch(f"{module}.time", self.machine))
            yield

    @contextlib.contextmanager
    def _part(self, name: str) -> Iterator[None]:
        machine = self.machine
        begun, polls, before, cpu = machine.now, machine.polls, self.operations.count, self._own_seconds()
        machine.log = [(machine.now, before)]
        yield
        machine.log.append((machine.now, self.operations.count))
        seconds, asked = machine.now - begun, machine.polls - polls
        self.parts[name] = {
            "seconds": seconds,
            "operations": self.operations.count - before,
            "most": most_in_a_second(machine.log),
            "cpu": self._own_seconds() - cpu,
            "polls": asked,
        }

    def _own_seconds(self) -> float:
        return time.process_time() - self.machine.busy


def most_in_a_second(log: Sequence[Tuple[float, int]]) -> int:
    """The most operations in any second; `log` has moments and the number of operations by then, in order."""
    most, first = 0, 0
    for place in range(1, len(log)):
        # Those logged at a moment were done in it: the clock stands still while the client works.
        while log[place][0] - log[first + 1][0] >= 1:
            first += 1
        most = max(most, log[place][1] - log[first][1])
    return most


def main() -> int:
    """Measure one size, and print it as JSON."""
    shares = int(sys.argv[1])
    measured: Dict[str, Any] = {}
    for count in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            life = Life(Path(folder).resolve(), shares, count)
            life.run()
        if not count:
            measured = {name: {"cpu": part["cpu"]} for name, part in life.parts.items()}
            measured["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        else:
            for name, part in life.parts.items():
                measured[name] = {**part, **measured[name]}
            measured["files"] = life.files
    print(json.dumps(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
