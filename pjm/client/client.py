"""The plugin of `pytest --fugaku`: submits marked tests as jobs, runs the others, and reports all results to pytest."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import pytest

from pjm.batch.scheduler import Scheduler
from pjm.client.follow_session import FollowedSession
from pjm.client.open_session import Items, make_scheduler, open_session, tasks_of, workplace
from pjm.client.plugins import check_marks, check_options
from pjm.client.replay import Replay
from pjm.client.terminal import Progress, bad_ends, table
from pjm.errors import BadInput
from pjm.follow.durations import Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.resume import load, obeyed
from pjm.follow.watch import Watch
from pjm.marks.marks import MarkedTest, wishes
from pjm.plan.budget import check_budget
from pjm.plan.dry_run import dry_run
from pjm.plan.job_folder import Workplace
from pjm.plan.packing import Task, pack
from pjm.plan.settings import settings


@dataclass(frozen=True)
class Prepared:
    """What a session needs before it has a folder.

    Attributes:
        items: the marked tests, by node id.
        tasks: the same tests, for the packing.
        place: what all jobs have in common.
        scheduler: the batch system.
    """

    items: Items
    tasks: Sequence[Task]
    place: Workplace
    scheduler: Scheduler


class Client:
    """The pytest plugin of a session with `--fugaku`.

    Args:
        config: the configuration of pytest.
    """

    def __init__(self, config: pytest.Config) -> None:
        if config.option.fugaku_resume and config.option.fugaku_dry_run:
            raise BadInput(
                "--fugaku-resume and --fugaku-dry-run do not go together",
                "a resumed session submits and deletes jobs, and a dry run does neither",
                "leave one of them out",
            )
        check_options(config.option)
        if config.option.fugaku_resume and getattr(config.option, "clean_alluredir", False):
            config.option.clean_alluredir = False  # the folder has the results of jobs by now
        self._config = config
        self._settings = settings(config)
        self._wishes: Dict[str, MarkedTest] = {}
        self._followed: Optional[FollowedSession] = None
        self._durations = Durations(self._settings.workdir, self._settings.emulate)

    @property
    def artifacts(self) -> Optional[Path]:
        """Where the tests of this session leave files; None before there is a session."""
        return self._followed.watch.session.artifacts if self._followed is not None else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read and check the marks of the selected tests before any test runs."""
        try:
            self._wishes = wishes(session.items, self._settings.defaults)
            check_marks(item for item in session.items if item.nodeid in self._wishes)
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
            prepared = self._prepare(session.config, items)
            followed = self._open(session, prepared)
            if option.fugaku_dry_run:
                self._dry_run(followed.watch, prepared)
            else:
                self._submit_and_follow(followed, local)
                session.testsfailed += sum(1 for _, end in followed.watch.bad_ends if end.code)
            return True
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the table of jobs."""
        if self._followed is None:
            return
        watch = self._followed.watch
        for line in bad_ends(watch.bad_ends):
            terminalreporter.write_line(line)
        if watch.jobs:
            terminalreporter.write_sep("=", f"jobs of session {watch.session.identity}")
            for line in table(watch.jobs):
                terminalreporter.write_line(line)
            left = len(watch.deletions.left)
            if left:
                command = watch.deletions.how_to_delete_left()
                terminalreporter.write_line(f"fugaku: {left} jobs could not be deleted and may run: {command}")
        if self._followed.left_message:
            terminalreporter.write_line(self._followed.left_message)
            self._followed.left_message = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Save `jobs.json` and the tests' durations; take over the exit code of a job with a bad end."""
        if self._followed is not None:
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                session.exitstatus = max([session.exitstatus, *(end.code for _, end in self._followed.watch.bad_ends)])
            self._followed.write_live(every=0.0)
            self._durations.save()

    def pytest_unconfigure(self) -> None:
        """Unlock the session; print the last message if pytest showed no summary, as with some exit codes."""
        if self._followed is None:
            return
        self._followed.watch.session.close()
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._followed.left_message and reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(self._followed.left_message)

    def _prepare(self, config: pytest.Config, items: Items) -> Prepared:
        """Read what the session needs, and check a new session's budget, before there is a session folder.

        Raises:
            BadInput: the batch system is missing, or the jobs would request too much.
        """
        tasks = tasks_of(config, self._settings, items, self._wishes, self._durations.known())
        prepared = Prepared(
            items, tasks, workplace(config, self._settings, items), make_scheduler(config, self._settings)
        )
        if not (config.option.fugaku_resume or config.option.fugaku_dry_run):
            check_budget(pack(tasks, self._settings.site, "pytest"), self._settings.budget)
        return prepared

    def _open(self, session: pytest.Session, prepared: Prepared) -> FollowedSession:
        """Create the session folder, or take up the jobs and results of the session that is resumed.

        Raises:
            BadInput: the session cannot be created, or cannot be resumed.
        """
        config, scheduler, tasks = session.config, prepared.scheduler, prepared.tasks
        folder = open_session(config, self._settings, prepared.items)
        with contextlib.ExitStack() as on_error:
            on_error.callback(folder.close)
            progress = Progress(config.pluginmanager.get_plugin("terminalreporter"), len(tasks))
            interrupts = Interrupts(progress.say)
            watch = Watch(folder, scheduler, self._settings, tasks, prepared.place, hold=interrupts.held)
            replay = Replay(config, prepared.items, obeyed(folder))
            self._followed = FollowedSession(session, watch, replay, progress, interrupts, self._durations)
            on_error.pop_all()  # from here on, `pytest_unconfigure` closes it
        with folder.writing():
            load(watch, folder)
            watch.collect()
        return self._followed

    def _submit_and_follow(self, followed: FollowedSession, local: Sequence[pytest.Item]) -> None:
        """Submit the tests that have no job yet, and follow all.

        Raises:
            BadInput: the jobs would request too much, a job was refused, or the session folder cannot be written.
        """
        watch, option = followed.watch, self._config.option
        jobs = watch.plan_unassigned()
        check_budget(jobs, self._settings.budget, sum(job.committed for job in watch.jobs))
        followed.submit_and_follow(jobs, local, bool(option.fugaku_detach))

    def _dry_run(self, watch: Watch, prepared: Prepared) -> None:
        """Write the scripts of the jobs, and show them."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        jobs = watch.plan_unassigned()
        for line in dry_run(watch.session, jobs, prepared.place, prepared.scheduler, self._settings.budget):
            print(line) if reporter is None else reporter.write_line(line)


def _twice(items: Sequence[pytest.Item]) -> BadInput:
    seen: Dict[str, int] = {}
    for item in items:
        seen[item.nodeid] = seen.get(item.nodeid, 0) + 1
    twice = next(nodeid for nodeid, times in seen.items() if times > 1)
    return BadInput(
        f"{twice} was collected twice", "the two results could not be told apart", "leave out --keep-duplicates"
    )


def _no_marked_tests(option: Any) -> BadInput:
    return BadInput(
        "no marked test was selected",
        "--fugaku sends tests marked with @pytest.mark.fugaku, and no selected test has this mark",
        "mark some, or select others",
    )
