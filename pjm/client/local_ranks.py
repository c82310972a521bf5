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

from pjm.batch.scheduler import Resources
from pjm.client.open_session import workplace_here
from pjm.client.replay import Replay, take_over_exit_code
from pjm.client.terminal import bad_ends
from pjm.elapse import elapse_text
from pjm.follow.explain import bad_ends as found_bad_ends
from pjm.follow.explain import completed
from pjm.follow.jobs import FollowedJob, FollowedShare
from pjm.follow.results import News, NoResult, Result
from pjm.identity import identity
from pjm.job.assignment import FOLDER, PATH, SHARE, share_folder, write_document
from pjm.job.captured_output import kept, last_lines
from pjm.job.interpreter import command, own_switches
from pjm.job.rank import number
from pjm.job.share_events import BadEnd, SuiteProperty, TestEvents
from pjm.marks.marks import MarkedTest
from pjm.plan.job_folder import CODE, copy_code, document
from pjm.plan.packing import Job, Share
from pjm.plan.settings import SHORT_GRACE

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
        self._ranks = {test: wish.resources.ranks for test, wish in wishes.items() if wish.resources.ranks}
        self._elapse = {test: wish.resources.elapse for test, wish in wishes.items()}
        self._not_passed = not_passed
        self._replay = Replay(session.config, {identity(item): item for item in session.items})
        self._code: Optional[Path] = None
        self._why_not = ""
        if number(os.environ, own=False) is not None:
            self._why_not = "pytest itself runs under mpiexec, which cannot be started in there"
        elif shutil.which("mpiexec") is None:
            self._why_not = "there is no mpiexec on PATH"
        for item in session.items if self._why_not else ():
            ranks = self._ranks.get(identity(item))
            if ranks is not None:
                item.add_marker(pytest.mark.skip(reason=f"needs ranks={ranks}: {self._why_not}"))
        self._run: Optional[_Run] = None
        self._bad_ends: List[Tuple[FollowedShare, BadEnd]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Optional[pytest.Item]) -> Optional[bool]:
        """Run a test with ranks, and report its result."""
        test, session = identity(item), item.session
        if test not in self._ranks or self._why_not or self._not_passed(test) is not None:
            return None
        if self._run is None or test not in self._run.tests:
            self._end()
            if self._code is None:
                self._code = _temporary(item.config).mktemp("ranks-code")
                copy_code(self._code)
            self._run = _Run(item.config, self._together(item, session), self._ranks[test] or 1, self._code / CODE)
        cancel = getattr(item.config.hook, "pytest_timeout_cancel_timer", None)
        if cancel is not None:  # of pytest-timeout, which would end this process; that of the ranks counts
            cancel(item=item)
        for news in self._run.wait_for(test, self._elapse[test]):
            self._replay.report(news)
        if self._replay.exit is not None:
            raise self._replay.exit
        self._tear_down(item, nextitem)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End what runs, as after -x; take over the exit code of a bad end."""
        self._end()
        take_over_exit_code(session, self._bad_ends)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what went wrong after the tests."""
        for line in bad_ends(self._bad_ends):
            terminalreporter.write_line(line)

    def _tear_down(self, item: pytest.Item, nextitem: Optional[pytest.Item]) -> None:
        """End the fixtures of earlier tests in this process that no later test needs, as after each test."""
        call = pytest.CallInfo.from_call(
            lambda: item.session._setupstate.teardown_exact(nextitem),
            when="teardown",
            reraise=(pytest.exit.Exception, KeyboardInterrupt),
        )
        if call.excinfo is not None:
            item.ihook.pytest_runtest_logreport(report=item.ihook.pytest_runtest_makereport(item=item, call=call))

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._bad_ends += [(run.share, end) for end in run.end()]
            self._replay.session_over(run.share)

    def _together(self, first: pytest.Item, session: pytest.Session) -> Dict[str, pytest.Item]:
        """The tests that one start of mpiexec runs: this one and those right after it that have as many ranks."""
        if hasattr(first.config, "workerinput"):  # pytest-xdist decides only later which worker runs which test
            return {identity(first): first}
        ranks = self._ranks[identity(first)]
        following = itertools.dropwhile(lambda item: item is not first, session.items)
        alike = itertools.takewhile(
            lambda item: self._ranks.get(identity(item)) == ranks and self._not_passed(identity(item)) is None,
            following,
        )
        return {identity(item): item for item in alike}


class _Run:
    """Some tests with equally many ranks, while they run.

    Attributes:
        tests: node ids of those whose result was not taken.
        share: their results, as those of a job.

    Args:
        config: the configuration of pytest.
        items: the tests, by node id.
        ranks: how many each has.
        code: the folder of the modules that the ranks need.
    """

    def __init__(self, config: pytest.Config, items: Mapping[str, pytest.Item], ranks: int, code: Path) -> None:
        self.tests = set(items)
        self._results: Dict[str, Result] = {}
        factory = _temporary(config)
        artifacts = factory.getbasetemp() / "artifacts"  # those of the tests without ranks
        artifacts.mkdir(exist_ok=True)
        self._home = factory.mktemp("ranks")
        job = Job("ranks", (Share(tuple(items), Resources(1, 0, ranks=ranks), 0.0),))
        write_document(self._home, document(artifacts, job, workplace_here(config, items)))
        self.share = FollowedJob(self._home, job).shares[0]
        environment = {**os.environ, FOLDER: str(self._home), SHARE: "0", PATH: str(code)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(code), os.environ.get("PYTHONPATH"))))
        files = self.share.outputs
        with files.out.open("wb") as out, files.err.open("wb") as err:
            self._process = subprocess.Popen(
                command((sys.executable,), own_switches(), "main"),
                cwd=str(config.invocation_params.dir),  # a test may have gone elsewhere
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def wait_for(self, test: str, elapse: float) -> List[News]:
        """Wait for the result of a test. Return it, behind the properties of the suite that came before it.

        Args:
            test: node id.
            elapse: seconds after which the ranks are ended, and the tests that are left run in others.
        """
        news: List[News] = []
        until = time.monotonic() + elapse
        while test not in self._results:
            over = self._process.poll() is not None
            news += self._read()
            if test in self._results:
                break
            if over:
                trouble = NoResult(
                    f"its mpiexec gave no result: exit code {self._process.returncode}",
                    "see what it printed: it may need options, or another version",
                    f"output: {self._home}",
                    self._printed(),
                )
                self._results[test] = Result(test, trouble=trouble)
            elif time.monotonic() >= until:
                self._results[test] = self._late(test, elapse)
            else:
                time.sleep(_PAUSE)
        self.tests.discard(test)
        return [*news, self._results.pop(test)]

    def end(self) -> List[BadEnd]:
        """End mpiexec, if it runs. Return what went wrong after the tests."""
        until = time.monotonic() + (0 if self.tests else SHORT_GRACE + _MOMENT)  # the ranks' Pythons end by themselves
        while self._process.poll() is None and time.monotonic() < until:
            time.sleep(_PAUSE)
        for sent in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + _MOMENT
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sent)
                while time.monotonic() < until:
                    self._process.poll()
                    os.killpg(self._process.pid, 0)  # until nobody of the group is left
                    time.sleep(_PAUSE)
        self._process.wait()
        self._read()
        self.share.id = "here"
        return list(found_bad_ends(self.share))

    def _late(self, test: str, elapse: float) -> Result:
        """The result of a test that ran over its limit; its ranks are ended."""
        running = self.share.reading.running
        phase = running.phase if running is not None and running.test == test else "setup"
        printed = kept(share_folder(self._home, 0), phase)
        self.end()
        self.tests.clear()
        trouble = NoResult(
            f"it ran over its elapse limit of {elapse_text(elapse)}, in its {phase} phase",
            "raise elapse= in its mark, if its ranks do not wait for one another",
            f"output: {self._home}",
            printed,
        )
        return Result(test, phase=phase, trouble=trouble)

    def _read(self) -> List[News]:
        """Note the results that have come. Return the properties of the suite among them."""
        came = self.share.reading.take(self.share.tail.read())
        self._results.update({each.test: self._result(each) for each in came if isinstance(each, TestEvents)})
        return [each for each in came if isinstance(each, SuiteProperty)]

    def _result(self, events: TestEvents) -> Result:
        result = completed(self.share, events)
        if result.trouble is None:
            return result
        advice = result.trouble.advice
        if events.crash is not None:
            advice = "see what mpiexec and the ranks printed; print more, or leave ranks out, until it is clear which"
        trouble = replace(result.trouble, advice=advice, job=f"output: {self._home}", sections=events.printed)
        return replace(result, trouble=trouble)

    def _printed(self) -> Tuple[Tuple[str, str], ...]:
        files = self.share.outputs
        texts = ((title, last_lines(file, 30)) for title, file in (("stdout", files.out), ("stderr", files.err)))
        return tuple((f"{title} of mpiexec (last 30 lines)", text) for title, text in texts if text)


def _temporary(config: pytest.Config) -> pytest.TempPathFactory:
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    return factory
