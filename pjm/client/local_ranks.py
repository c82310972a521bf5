"""Runs tests with ranks= without jobs: under the mpiexec of this machine, by the same program as in a job."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Dict, List, Mapping, Optional, Tuple

import pytest

import pjm
from pjm.batch.scheduler import Resources
from pjm.client.open_session import workplace_here
from pjm.client.replay import Replay
from pjm.follow.explain import completed
from pjm.follow.jobs import FollowedJob
from pjm.follow.results import NoResult, Result
from pjm.identity import identity
from pjm.job.assignment import FOLDER, PATH, SHARE, write_document
from pjm.job.captured_output import last_lines
from pjm.job.interpreter import command, own_switches
from pjm.job.rank import number
from pjm.job.share_events import SuiteProperty, TestEvents
from pjm.marks.marks import MarkedTest
from pjm.plan.job_folder import document
from pjm.plan.packing import Job, Share

NotPassed = Callable[[str], Optional[str]]

_PAUSE = 0.02  # seconds between looks at the results
_MOMENT = 5.0  # seconds that mpiexec may take to end


class LocalRanks:
    """The plugin that runs tests with ranks= under a local mpiexec.

    Args:
        session: the session of pytest.
        wishes: the marks of the marked tests.
        not_passed: the first test that a test waits for and that has not passed; None if it may run.
    """

    def __init__(self, session: pytest.Session, wishes: Mapping[str, MarkedTest], not_passed: NotPassed) -> None:
        self._ranks = {test: wish.request.ranks for test, wish in wishes.items() if wish.request.ranks}
        self._not_passed = not_passed
        self._replay = Replay(session.config, {identity(item): item for item in session.items})
        self._why_not = ""
        if number(os.environ, own=False) is not None:
            self._why_not = "pytest itself runs under mpiexec, which cannot be started in there"
        elif shutil.which("mpiexec") is None:
            self._why_not = "there is no mpiexec on PATH"
        self._run: Optional[_Run] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a test that cannot have its ranks."""
        ranks = self._ranks.get(identity(item))
        if ranks is not None and self._why_not:
            pytest.skip(f"needs ranks={ranks}: {self._why_not}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Optional[bool]:
        """Run a test with ranks, and report its result."""
        test, session = identity(item), item.session
        if test not in self._ranks or self._why_not or self._not_passed(test) is not None:
            return None
        if self._run is None or test not in self._run.tests:
            self._end()
            self._run = _Run(item.config, self._together(item, session), self._ranks[test] or 1)
        for property_ in self._run.wait_for(test):
            self._replay.report(property_)
        self._replay.report(self._run.results.pop(test))
        if self._replay.exit is not None:
            raise pytest.exit.Exception(self._replay.exit.why, self._replay.exit.code)
        return True

    def pytest_sessionfinish(self) -> None:
        """End what runs, as after -x."""
        self._end()

    def _end(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None

    def _together(self, first: pytest.Item, session: pytest.Session) -> Dict[str, pytest.Item]:
        """The tests that one start of mpiexec runs: this one and those right after it that have as many ranks."""
        if hasattr(first.config, "workerinput"):  # pytest-xdist decides only later which worker runs which test
            return {identity(first): first}
        ranks = self._ranks[identity(first)]
        following = itertools.dropwhile(lambda item: item is not first, session.items)
        alike = itertools.takewhile(lambda item: self._ranks.get(identity(item)) == ranks, following)
        return {identity(item): item for item in alike if self._not_passed(identity(item)) is None}


class _Run:
    """Some tests with equally many ranks, while they run.

    Attributes:
        tests: node ids of those that have no result yet, or whose result was not taken.
        results: the results that have come.
    """

    def __init__(self, config: pytest.Config, items: Mapping[str, pytest.Item], ranks: int) -> None:
        self.tests = set(items)
        self.results: Dict[str, Result] = {}
        factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
        artifacts = factory.getbasetemp() / "artifacts"  # those of the tests without ranks
        artifacts.mkdir(exist_ok=True)
        self._home = factory.mktemp("ranks")
        job = Job("ranks", (Share(tuple(items), Resources(1, 0, ranks=ranks), 0.0),))
        write_document(self._home, document(artifacts, job, workplace_here(config, items)))
        self._share = FollowedJob(self._home, job).shares[0]
        code = str(Path(pjm.__file__).resolve().parents[1])
        environment = {**os.environ, FOLDER: str(self._home), SHARE: "0", PATH: code}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (code, os.environ.get("PYTHONPATH"))))
        files = self._share.outputs
        with files.out.open("wb") as out, files.err.open("wb") as err:
            self._process = subprocess.Popen(
                command((sys.executable,), own_switches(), "main"),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def wait_for(self, test: str) -> List[SuiteProperty]:
        """Wait for the result of a test. Return the properties of the suite that came with it."""
        properties = []
        while test not in self.results:
            over = self._process.poll() is not None
            for news in self._share.reading.take(self._share.tail.read()):
                if isinstance(news, SuiteProperty):
                    properties.append(news)
                else:
                    self.results[news.test] = self._result(news)
            if over and test not in self.results:
                trouble = NoResult(
                    f"its mpiexec gave no result: exit code {self._process.returncode}",
                    "see what it printed: it may need options, or another version",
                    f"output: {self._home}",
                    self._printed(),
                )
                self.results[test] = Result(test, trouble=trouble)
            elif test not in self.results:
                time.sleep(_PAUSE)
        return properties

    def end(self) -> None:
        """End mpiexec, if it runs."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_MOMENT)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _result(self, events: TestEvents) -> Result:
        result = completed(self._share, events)
        if result.trouble is None:
            return result
        advice = result.trouble.advice
        if events.crash is not None:
            advice = "see what mpiexec and the ranks printed; print more, or leave ranks out, until it is clear which"
        trouble = replace(result.trouble, advice=advice, job=f"output: {self._home}", sections=events.printed)
        return replace(result, trouble=trouble)

    def _printed(self) -> Tuple[Tuple[str, str], ...]:
        files = self._share.outputs
        texts = ((title, last_lines(file, 30)) for title, file in (("stdout", files.out), ("stderr", files.err)))
        return tuple((f"{title} of mpiexec (last 30 lines)", text) for title, text in texts if text)
