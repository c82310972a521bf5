"""The plugin of `pytest --fugaku`: submits marked tests as jobs, runs the others, and reports all results to pytest."""

from __future__ import annotations

import collections
import contextlib
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Generator, Iterator, List, Optional, Sequence

import pytest

import pytest_pjm
from pjm.batch.roots import SAME
from pjm.batch.scheduler import Scheduler
from pjm.client import batch_system
from pjm.client.conflicts import check_marks
from pjm.client.follow_session import FollowedSession
from pjm.client.open_session import (
    Items,
    conftests,
    new_session,
    resumed_session,
    tasks_of,
    workplace,
)
from pjm.client.replay import Replay, take_over_exit_code
from pjm.client.terminal import Progress, bad_ends, table
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.follow.durations import EMULATED, FILE, Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.resume import load, obeyed
from pjm.follow.watch import Watch
from pjm.identity import identify, identity
from pjm.job.worker_plugin import LOG
from pjm.marks.marks import MarkedTest, wishes
from pjm.plan.dry_run import dry_run
from pjm.plan.job_folder import Workplace
from pjm.plan.packing import Task, check_budget, pack, rounded
from pjm.plan.settings import login_node, settings
from pjm.remote.checkout import Checkout, checkout_of, top_of
from pjm.remote.machine import Machine, answering, connect
from pjm.remote.session_mirror import SessionMirror
from pjm.sessions.session import Session
from pjm.user_settings import settings_file


@dataclass(frozen=True)
class Prepared:
    """What a session needs before it has a folder.

    Attributes:
        items: the marked tests, by node id.
        tasks: the same tests, for the packing.
        place: what all jobs have in common.
        scheduler: the batch system.
        notes: what the user has to know of it.
        resumed: the session that is resumed, not locked; None for a new one.
        left_out: see `Replay`.
    """

    items: Items
    tasks: Sequence[Task]
    place: Workplace
    scheduler: Scheduler
    notes: Sequence[str] = ()
    resumed: Optional[Session] = None
    left_out: Callable[[str], Sequence[str]] = lambda text: ()


class Client:
    """The pytest plugin of a session with `--fugaku`."""

    def __init__(self, config: pytest.Config) -> None:
        if config.option.fugaku_resume and config.option.fugaku_dry_run:
            raise BadInput(
                "--fugaku-resume and --fugaku-dry-run do not go together",
                "a resumed session submits and deletes jobs, and a dry run does neither",
                "leave one of them out",
            )
        if config.option.fugaku_resume and getattr(config.option, "clean_alluredir", False):
            config.option.clean_alluredir = False  # the folder has the results of jobs by now
        self._config = config
        self._machine = self._connected(config)
        self._settings = settings(config, self._chosen(config))
        self._wishes: Dict[str, MarkedTest] = {}
        self._followed: Optional[FollowedSession] = None
        self._mirror: Optional[SessionMirror] = None
        self._durations = Durations(self._settings.workdir / (EMULATED if self._settings.emulate else FILE))

    @property
    def artifacts(self) -> Optional[Path]:
        """Where the tests of this session leave files; None before there is a session."""
        return self._followed.watch.session.artifacts if self._followed is not None else None

    @property
    def fetch_artifacts(self) -> Optional[Callable[[str], None]]:
        """Brings what tests have left on the machine behind ssh to here; None if there is no such machine."""
        return self._mirror.fetch_artifacts if self._mirror is not None else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: List[pytest.Item]) -> Generator[None, None, None]:
        """Settle the identities of the tests before other plugins rename any."""
        identify(items)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read and check the marks of the selected tests before any test runs."""
        try:
            self._wishes = wishes(session.items, self._settings.defaults)
            check_marks(item for item in session.items if identity(item) in self._wishes)
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Optional[bool]:
        """Submit marked tests as jobs, run the others in this process, and report results as they come."""
        option = session.config.option
        if option.collectonly or (session.testsfailed and not option.continue_on_collection_errors):
            return None  # pytest's own loop reports collection and its errors
        items = {identity(item): item for item in session.items if identity(item) in self._wishes}
        local = [item for item in session.items if identity(item) not in self._wishes]
        try:
            if not items:
                if option.fugaku_resume or option.fugaku_dry_run or option.fugaku_detach:
                    raise _no_marked_tests(option)
                return None
            if len(items) + len(local) != len(session.items):
                raise _twice(session)
            prepared = self._prepare(session.config, items)
            followed = self._open(session, prepared)
            if option.fugaku_dry_run:
                self._dry_run(followed.watch, prepared)
            else:
                followed.submit_and_follow(local, bool(option.fugaku_detach))
                session.testsfailed += sum(1 for _, end in followed.watch.bad_ends if end.code)
            return True
        except BadInput as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_report_header(self, config: pytest.Config) -> Optional[str]:
        """With -v, say which settings are the user's own."""
        if config.option.verbose < 1:
            return None
        names = [f"fugaku_{name}" for name in pytest_pjm.of_user(config)]
        own = [name for name in names if getattr(config.option, name, None) is None and not config.getini(name)]
        return f"fugaku: {', '.join(own)} from {settings_file()}" if own else None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the table of jobs."""
        if self._followed is None:
            return
        watch = self._followed.watch
        for line in bad_ends(watch.bad_ends):
            terminalreporter.write_line(line)
        if watch.jobs:
            terminalreporter.write_sep("=", f"jobs of session {watch.session.identity}")
            for line in table(watch.jobs, terminalreporter._tw.fullwidth):
                terminalreporter.write_line(line)
            left = len(watch.deletions.left)
            if left:
                how = f"could not be deleted and may run: {watch.deletions.how_to_delete_left()}"
                terminalreporter.write_line(f"fugaku: {counted(left, 'job')} {how}")
            for line in self._where_jobs_wrote(watch.session.folder):
                terminalreporter.write_line(line)
        if self._followed.left_message:
            terminalreporter.write_line(self._followed.left_message)
            self._followed.left_message = ""

    def _where_jobs_wrote(self, session: Path) -> Iterator[str]:
        """Where to find what options name one place for, and each job has its own."""
        option = self._config.option
        if option.log_file or self._config.getini("log_file"):
            yield f"fugaku: --log-file of tests in jobs: {os.path.relpath(str(session))}/jobs/*/share-*/{LOG}"
        if option.basetemp:
            place = os.path.normpath(option.basetemp)
            if self._machine is not None:
                place = self._machine.place(place, self._config.invocation_params.dir)
            yield f"fugaku: --basetemp of tests in jobs: {place}-pytest-{session.name}-*"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Save `jobs.json` and the tests' durations; take over the exit code of a job with a bad end."""
        if self._followed is not None:
            take_over_exit_code(session, self._followed.watch.bad_ends)
            self._followed.write_live(every=0.0)
            self._durations.save()

    def pytest_unconfigure(self) -> None:
        """Note the exit code; print the last message if pytest showed no summary, as with some exit codes."""
        if self._followed is None:
            return
        self._followed.close()
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if self._followed.left_message and reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(self._followed.left_message)

    def _connected(self, config: pytest.Config) -> Optional[Machine]:
        """The machine behind ssh; None if jobs are submitted here, or if there will be none."""
        host, folder = login_node(config)
        if host is None or config.option.collectonly:
            return None
        machine = connect(host, folder, top_of(config.rootpath), pytest_pjm.workdir(config), batch_system.COMMANDS)
        return replace(machine, emulates=bool(config.getoption("fugaku_emulate")))

    @property
    def _folder_there(self) -> str:
        """Our folder on the machine behind ssh; "" if there is none."""
        return "" if self._machine is None else self._machine.folder

    def _chosen(self, config: pytest.Config) -> str:
        if self._machine is None:
            return batch_system.choose(config)
        with answering(self._machine.ssh.host):
            return batch_system.choose(config, self._machine.host)

    def _push(self, machine: Machine, checkout: Checkout, place: Workplace) -> Iterator[str]:
        """Bring the checkout there up to date. Yield what the user has to know of it.

        Raises:
            BadInput: it cannot be written there, or git ignores the file of a test.
        """
        machine.roots.there(place.start)
        for file in dict.fromkeys(filter(None, (*place.files.values(), *conftests(self._config)))):
            if checkout.left_out(file):
                raise _left_out(file, machine)
        files, size = machine.push(checkout)
        if files:
            yield f"{counted(files, 'file')} ({size / 1e6:.1f} MB) pushed to {machine.ssh.host}:{machine.folder}"
        if abs(machine.skew) > 60:
            yield f"the clock of {machine.ssh.host} is {machine.skew:.0f} s ahead of ours: waiting times are so far off"

    def _prepare(self, config: pytest.Config, items: Items) -> Prepared:
        """Read what the session needs, and check what a new one asks for, before there is a session folder.

        Raises:
            BadInput: the batch system is missing, or the jobs would request too much or what does not exist.
        """
        roots = SAME if self._machine is None else self._machine.roots
        place = workplace(config, self._settings, items, roots)
        resumed = resumed_session(config, self._settings, items, self._folder_there)
        pushed: List[str] = []
        left_out = Prepared.left_out
        if self._machine is not None and not config.option.fugaku_dry_run:
            checkout = checkout_of(top_of(config.rootpath), self._settings.workdir)
            pushed += self._push(self._machine, checkout, place)
            left_out = partial(checkout.named_and_left_out, there=self._machine.folder, start=place.start)
            # After that, because it may be in the checkout. Without a path, the prologue may say where it is.
            if "/" in place.python[0] or not place.prologue:
                self._machine.require_python(place.python, place.start)
            if self._machine.emulates:
                self._machine.make_emulator(place.python, place.prologue)
        created = None if resumed is None else resumed.facts.get("created")
        needed = not config.option.fugaku_dry_run
        scheduler = batch_system.make(self._settings, created, needed=needed, machine=self._machine)
        self._settings = batch_system.within(self._settings, scheduler.limits)
        place = replace(place, mpiexec=batch_system.mpiexec(self._settings, scheduler))
        tasks = tasks_of(config, self._settings, items, self._wishes, self._durations.known())
        notes = [scheduler.limits.doubt, rounded(tasks, self._settings.site), *pushed]
        if resumed is None:
            jobs = pack(tasks, self._settings.site, "pytest")
            for share in (share for job in jobs for share in job.shares):
                scheduler.check(share.resources, share.nodeids[0])
            check_budget(jobs, None if config.option.fugaku_dry_run else self._settings.budget)
        return Prepared(items, tasks, place, scheduler, tuple(filter(None, notes)), resumed, left_out)

    def _open(self, session: pytest.Session, prepared: Prepared) -> FollowedSession:
        """Create the session folder, or take up the jobs and results of the session that is resumed.

        Raises:
            BadInput: the session cannot be created, or cannot be resumed.
        """
        config, scheduler, tasks = session.config, prepared.scheduler, prepared.tasks
        folder = prepared.resumed or new_session(config, self._settings, prepared.items, self._folder_there)
        if prepared.resumed:
            folder.lock()
        with contextlib.ExitStack() as on_error:
            on_error.callback(folder.close)
            progress = Progress(config.pluginmanager.get_plugin("terminalreporter"), len(tasks))
            for note in prepared.notes:
                progress.say(f"fugaku: {note}")
            interrupts = Interrupts(progress.say)
            self._mirror = None if self._machine is None else SessionMirror(self._machine, folder)
            hold, mirror = interrupts.held, self._mirror
            watch = Watch(folder, scheduler, self._settings, tasks, prepared.place, hold=hold, mirror=mirror)
            replay = Replay(config, prepared.items, obeyed(folder), prepared.left_out, prepared.place.roots)
            config.pluginmanager.register(replay, "pjm.replay")
            self._followed = FollowedSession(session, watch, replay, progress, interrupts, self._durations)
            on_error.pop_all()  # from here on, `pytest_unconfigure` closes it
        with folder.writing():
            load(watch, folder)
        return self._followed

    def _dry_run(self, watch: Watch, prepared: Prepared) -> None:
        """Write the scripts of the jobs, and show them."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        jobs = watch.plan_unassigned()
        for line in dry_run(watch.session, jobs, prepared.place, prepared.scheduler, self._settings.budget):
            print(line) if reporter is None else reporter.write_line(line)


def _left_out(file: Path, machine: Machine) -> BadInput:
    return BadInput(
        f"{file} is not pushed to {machine.ssh.host}",
        "marked tests need it, and git ignores it",
        "take it out of .gitignore, or leave those tests out",
    )


def _twice(session: pytest.Session) -> BadInput:
    counts = collections.Counter(map(identity, session.items))
    twice = next(test for test, count in counts.items() if count > 1)
    return BadInput(
        f"{twice} was collected twice",
        "its two results would have the same name",
        "leave out --keep-duplicates"
        if session.config.option.keepduplicates
        else "name each test once; if a plugin or a conftest.py repeats tests, have it give each a name of its own",
    )


def _no_marked_tests(option: Any) -> BadInput:
    return BadInput(
        "no marked test was selected",
        "--fugaku sends tests marked with @pytest.mark.fugaku, and no selected test has this mark",
        "mark some, or select others",
    )
