"""The plugin of `pytest --fugaku`: submits marked tests as jobs, runs the others, and reports all results to pytest."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Sequence

import pytest

from pjm.client import leave_session
from pjm.client.open_session import make_scheduler, open_session, tasks_of, workplace
from pjm.client.replay import Replay
from pjm.client.terminal import Progress, live_records, table
from pjm.errors import BadInput
from pjm.follow.durations import Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.jobs import Stage
from pjm.follow.results import Result
from pjm.follow.resume import load, obeyed
from pjm.follow.watch import Watch
from pjm.marks.marks import MarkedTest, wishes
from pjm.plan.budget import check_budget
from pjm.plan.dry_run import dry_run
from pjm.plan.packing import Job, pack
from pjm.plan.settings import settings
from pjm.sessions.session import Session

NAME = "pjm.client"


class Client:
    """The pytest plugin of a session with `--fugaku`.

    Args:
        config: the configuration of pytest.
    """

    def __init__(self, config: pytest.Config) -> None:
        if config.option.fugaku_resume and config.option.fugaku_dry_run:
            raise BadInput(
                "--fugaku-resume and --fugaku-dry-run do not go together",
                "who comes back to a session submits and deletes jobs, and a dry run does neither",
                "leave one of them out",
            )
        self._config = config
        self._settings = settings(config)
        self._wishes: Dict[str, MarkedTest] = {}
        self._session: Optional[Session] = None
        self._watch: Optional[Watch] = None
        self._replay: Optional[Replay] = None
        self._progress = Progress(None, 0)
        self._durations = Durations(self._settings.workdir, self._settings.emulate)
        self._interrupts = Interrupts(lambda line: self._progress.say(line))
        self._lived = 0.0
        self._left_message = ""
        self._unmarked = 0  # number of unmarked tests that have not run yet

    @property
    def artifacts(self) -> Optional[Path]:
        """Where the tests of this session leave files; None before there is a session."""
        return self._session.artifacts if self._session is not None else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read and check the marks of the selected tests before any test runs."""
        try:
            self._wishes = wishes(session.items, self._settings.defaults)
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Optional[bool]:
        """Submit marked tests as jobs, run the others in this process, and report results as they come."""
        option = session.config.option
        if option.collectonly or (session.testsfailed and not option.continue_on_collection_errors):
            return None  # pytest's own loop reports collection and its errors
        items = {item.nodeid: item for item in session.items if item.nodeid in self._wishes}
        local = [item for item in session.items if item.nodeid not in self._wishes]
        try:
            if not items:
                if option.fugaku_resume or option.fugaku_dry_run or option.fugaku_detach:
                    raise _no_marked_tests(option)
                return None
            if len(items) + len(local) != len(session.items):
                raise _twice(session.items)
            return self._run(session, items, local)
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the table of jobs."""
        if self._watch is not None and self._watch.jobs and self._session is not None:
            terminalreporter.write_sep("=", f"jobs of session {self._session.identity}")
            for line in table(self._watch.jobs):
                terminalreporter.write_line(line)
            left = self._watch.undeleted
            if left:
                command = self._watch.how_to_cancel(left)
                terminalreporter.write_line(f"fugaku: {len(left)} jobs could not be deleted and may run: {command}")
        if self._left_message:
            terminalreporter.write_line(self._left_message)
            self._left_message = ""

    def pytest_sessionfinish(self) -> None:
        """Save `jobs.json` and the durations of the tests for later readers and sessions."""
        if self._watch is not None and self._session is not None:
            self._write_live(every=0.0)
            self._durations.save()

    def pytest_unconfigure(self) -> None:
        """Unlock the session; print the last message if pytest showed no summary, as with some exit codes."""
        if self._session is not None:
            self._session.close()
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._left_message and reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(self._left_message)

    def _run(self, session: pytest.Session, items: Dict[str, pytest.Item], local: Sequence[pytest.Item]) -> bool:
        config, option = session.config, session.config.option
        tasks = tasks_of(config, self._settings, items, self._wishes, self._durations.known())
        place = workplace(config, self._settings, items)
        scheduler = make_scheduler(config, self._settings)
        if not (option.fugaku_resume or option.fugaku_dry_run):  # before a session folder exists
            check_budget(pack(tasks, self._settings.site, "pytest"), self._settings.budget)
        self._session, resumed = open_session(config, self._settings, items)
        self._watch = watch = Watch(self._session, scheduler, self._settings, tasks, place, hold=self._interrupts.held)
        self._replay = Replay(config, items, obeyed(self._session) if resumed else ())
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._progress = Progress(reporter, len(tasks))
        if resumed:
            with self._session.writing():
                load(watch, self._session)
                watch.collect()
        jobs = watch.plan_unassigned()
        if option.fugaku_dry_run:
            for line in dry_run(self._session, jobs, place, scheduler, self._settings.budget):
                print(line) if reporter is None else reporter.write_line(line)
            return True
        check_budget(jobs, self._settings.budget, sum(job.committed for job in watch.jobs))
        opening = "back to" if resumed else "session"
        self._progress.say(f"fugaku: {opening} {self._session.identity}: {len(tasks)} tests in jobs, {len(local)} here")
        with self._interrupts.raised(), self._leaving(session, watch):
            self._follow(session, watch, jobs, () if option.fugaku_detach else local, option.fugaku_detach)
        if not option.fugaku_detach:
            with contextlib.suppress(OSError):  # only for later readers: all results have been reported
                self._session.note("done")
        return True

    @contextlib.contextmanager
    def _leaving(self, session: pytest.Session, watch: Watch) -> Iterator[None]:
        """Cancel the jobs if the user stops the session; if something else ends it, say that the jobs run on."""
        try:
            try:
                yield
            except (session.Interrupted, session.Failed):
                raise  # a plugin stopped the session at a report: the jobs are cancelled already
            except (KeyboardInterrupt, pytest.exit.Exception):
                self._interrupted(session, watch)
                raise
        except BaseException:
            self._progress.clear()
            self._left_message = self._left_message or leave_session.left_alone(watch, self._way(session, watch)) or ""
            raise

    def _follow(
        self,
        session: pytest.Session,
        watch: Watch,
        jobs: Sequence[Job],
        local: Sequence[pytest.Item],
        detach: bool,
    ) -> None:
        self._unmarked = len(local)
        if not detach:
            self._report(session, watch)  # known results may stop the session before anything is submitted
        with watch.session.writing():
            watch.start(jobs)
        if detach:
            self._detach(session, watch)
            return
        self._step(session, watch)
        for place, item in enumerate(local):
            following = local[place + 1] if place + 1 < len(local) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            self._unmarked -= 1
            self._check(session, watch)
            self._step(session, watch)
        while not watch.done:
            self._progress.show(watch.jobs, len(watch.results), watch.trouble, live=True)
            time.sleep(min(watch.pause(), 1.0))
            self._step(session, watch)
        self._progress.clear()

    def _detach(self, session: pytest.Session, watch: Watch) -> None:
        """Leave when every job has been submitted.

        Raises:
            BadInput: a job was refused.
        """
        while not watch.submitted:
            with watch.session.writing():
                watch.step()
            self._progress.show(watch.jobs, len(watch.results), watch.trouble, live=True)
            time.sleep(min(watch.pause(), 0.2))
        self._progress.clear()
        refused = [job.shares[0].ending for job in watch.jobs if job.stage is Stage.REFUSED]
        if len(refused) < len(watch.jobs):
            self._left_message = leave_session.detached(watch.jobs, self._way(session, watch))
        for ending in filter(None, refused):
            raise BadInput(
                f"{len(refused)} of {len(watch.jobs)} jobs were not submitted",
                f"a job {ending.happened}",
                ending.advice or "ask the site, or change what the marks ask for",
            )

    def _step(self, session: pytest.Session, watch: Watch) -> None:
        with watch.session.writing():
            watch.step()
        self._write_live(every=0.5 if watch.news else 5.0)
        self._report(session, watch)

    def _report(self, session: pytest.Session, watch: Watch) -> None:
        for _ in self._deliver(watch):
            self._check(session, watch)

    def _deliver(self, watch: Watch) -> Iterator[None]:
        """Report new results to pytest. Ctrl-C waits for the end of a result, so that each is reported completely."""
        replay = self._replay
        while replay is not None and watch.news:
            self._progress.clear()
            with self._interrupts.held():
                news = watch.news.popleft()  # removed before a hook can raise, so that nothing is reported twice
                if isinstance(news, Result):
                    self._durations.learn(news)
                replay.report(news)
            yield

    def _check(self, session: pytest.Session, watch: Watch) -> None:
        """Cancel all jobs and stop if a plugin that saw a report asks for it."""
        if not (session.shouldfail or session.shouldstop):
            return
        self._progress.clear()
        if self._replay is not None and self._replay.ended:
            with contextlib.suppress(OSError):  # without the note, a resumed session stops once more
                watch.session.note("obeyed", tests=self._replay.ended)
        self._cancel(session, watch)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        raise session.Interrupted(session.shouldstop)

    def _interrupted(self, session: pytest.Session, watch: Watch) -> None:
        """Report the results that exist and cancel the other jobs; another Ctrl-C leaves at once."""
        self._progress.clear()
        try:
            watch.collect()
            for _ in self._deliver(watch):
                pass
        except Exception:  # raised by another plugin's hook: the jobs are cancelled all the same
            self._cancel(session, watch)
            raise
        self._cancel(session, watch)

    def _cancel(self, session: pytest.Session, watch: Watch) -> None:
        self._left_message = leave_session.cancel(watch, self._way(session, watch))

    def _way(self, session: pytest.Session, watch: Watch) -> leave_session.ResumeHint:
        return leave_session.way_back(session, watch, self._unmarked)

    def _write_live(self, every: float) -> None:
        """Write jobs.json, unless it was written less than `every` seconds ago."""
        now, watch = time.time(), self._watch
        if watch is None or self._session is None:
            return
        if now - self._lived >= every or watch.done:
            self._lived = now
            with contextlib.suppress(OSError):  # for other programs; nothing here depends on the file
                self._session.write_live(live_records(watch.jobs, now))


def _twice(items: Sequence[pytest.Item]) -> BadInput:
    seen: Dict[str, int] = {}
    for item in items:
        seen[item.nodeid] = seen.get(item.nodeid, 0) + 1
    twice = next(nodeid for nodeid, times in seen.items() if times > 1)
    return BadInput(
        f"{twice} was collected twice", "a result could not be told from the other's", "leave out --keep-duplicates"
    )


def _no_marked_tests(option: Any) -> BadInput:
    return BadInput(
        "no marked test was selected",
        "--fugaku sends tests marked with @pytest.mark.fugaku, and there is none",
        "mark some, or select others",
    )
