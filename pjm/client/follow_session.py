"""Follows the jobs of a session of pytest: submits them, runs the unmarked tests, and reports results as they come.

If the session ends early, a message says what became of the jobs, and how to resume.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from typing import Dict, Iterator, Sequence

import pytest

from pjm import suggest
from pjm.batch.scheduler import UnansweredError
from pjm.client.replay import Replay
from pjm.client.terminal import Progress, live_records
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.follow.durations import Durations
from pjm.follow.interrupts import Interrupts
from pjm.follow.jobs import Stage
from pjm.follow.results import Result
from pjm.follow.watch import Watch
from pjm.sessions.pace import WRITE

_LAST_LOOK = 3.0  # seconds for which results are read after Ctrl-C; a client that resumes reads the others
_LIVE_SECONDS = 0.01  # for each share, between two writes of jobs.json


@dataclass
class FollowedSession:
    """A session of pytest whose jobs are followed.

    Attributes:
        session: the session of pytest.
        watch: the jobs.
        replay: reports results to pytest.
        progress: shows the state of the jobs.
        interrupts: keeps Ctrl-C away from steps that must not be interrupted.
        durations: learns how long tests took.
        left_message: what the user has to know after leaving; "" if nothing.
    """

    session: pytest.Session
    watch: Watch
    replay: Replay
    progress: Progress
    interrupts: Interrupts
    durations: Durations
    left_message: str = ""
    _unmarked: int = 0  # number of unmarked tests that have not run yet
    _lived: float = 0.0

    def submit_and_follow(self, local: Sequence[pytest.Item], detach: bool) -> None:
        """Report what earlier clients have read, submit jobs, run the unmarked tests, and report results as they come.

        With ``detach``, leave as soon as all jobs are submitted, and run no unmarked test.

        Raises:
            BadInput: the jobs would request too much, a job was refused, or the session folder cannot be written.
        """
        opening = "back to" if self.session.config.option.fugaku_resume else "session"
        tests = f"{counted(len(self.watch.tests), 'test')} in jobs, {len(local)} here"
        self.progress.say(f"fugaku: {opening} {self.watch.session.identity}: {tests}")
        with self.interrupts.raised(), self._leaving():
            self._detach() if detach else self._follow(local)
        if not detach:
            with contextlib.suppress(OSError):  # only for later readers: all results have been reported
                self.watch.session.note("done")

    def write_live(self, every: float) -> None:
        """Write jobs.json, unless it was written less than `every` seconds ago."""
        now, shares = time.time(), sum(len(job.shares) for job in self.watch.jobs)
        late = now - self._lived >= max(every, shares * _LIVE_SECONDS)
        if (late and self.watch.pace.allows(WRITE)) or self.watch.done or not every:
            self._lived = now
            self.watch.pace.spend(WRITE)
            with contextlib.suppress(OSError):  # for other programs; nothing here depends on the file
                self.watch.session.write_live(live_records(self.watch.jobs, now))

    def close(self) -> None:
        """Note the exit code of pytest, for `pjm wait`, and unlock the session."""
        if self.watch.jobs:
            with contextlib.suppress(OSError):
                self.watch.session.note("exit", code=int(self.session.exitstatus))
        self.watch.session.close()

    @contextlib.contextmanager
    def _leaving(self) -> Iterator[None]:
        """Cancel the jobs if the user stops the session; if something else ends it, say that the jobs run on."""
        try:
            try:
                yield
            except (self.session.Interrupted, self.session.Failed):
                raise  # a plugin stopped the session at a report: the jobs are cancelled already
            except (KeyboardInterrupt, pytest.exit.Exception):
                self._interrupted()
                raise
        except BaseException:
            self.progress.clear()
            self.left_message = self.left_message or self._still_running()
            raise

    def _follow(self, local: Sequence[pytest.Item]) -> None:
        self._unmarked = len(local)
        for _ in self.watch.restore():
            self._report()
            self.progress.show(self.watch.jobs, len(self.watch.results), self.watch.trouble)
            time.sleep(self.watch.pace.pause)
        self._report()  # known results may stop the session before anything is submitted
        self._start()
        self.progress.side_by_side(sum(len(job.shares) for job in self.watch.jobs) > 1)
        self._step()
        for place, item in enumerate(local):
            following = local[place + 1] if place + 1 < len(local) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            self._unmarked -= 1
            self._check()
            self._step()
        while not self.watch.done:
            self.progress.show(self.watch.jobs, len(self.watch.results), self.watch.trouble)
            time.sleep(min(self.watch.pause(), 1.0))
            self._step()
        self.progress.clear()
        for job in self.watch.jobs:
            for share in job.shares:
                self.replay.session_over(share)

    def _start(self) -> None:
        """Plan and write the jobs of the tests that have none yet."""
        jobs = self.watch.plan_unassigned()
        self.watch.check_budget(jobs)
        time.sleep(2 * self.watch.pace.pause)  # writing takes more than is saved up by then
        with self.watch.session.writing():
            self.watch.start(jobs)

    def _detach(self) -> None:
        """Submit the jobs and leave.

        Raises:
            BadInput: a job was refused.
        """
        for _ in self.watch.restore():
            self.watch.news.clear()  # the next client reports it
            time.sleep(self.watch.pace.pause)
        self._start()
        while not self.watch.submitted:
            with self.watch.session.writing():
                self.watch.step()
            self.progress.show(self.watch.jobs, len(self.watch.results), self.watch.trouble)
            time.sleep(min(self.watch.pause(), 0.2))
        self.progress.clear()
        refused = [job.shares[0].ending for job in self.watch.jobs if job.stage is Stage.REFUSED]
        if len(refused) < len(self.watch.jobs):
            self.left_message = self._submitted()
        for ending in filter(None, refused):
            raise BadInput(
                f"{len(refused)} of {len(self.watch.jobs)} jobs were not submitted",
                f"a job {ending.happened}",
                ending.advice or "ask the site, or change what the marks ask for",
            )

    def _step(self) -> None:
        with self.watch.session.writing():
            self.watch.step()
        self.write_live(every=0.5 if self.watch.news else 5.0)
        self._report()

    def _report(self) -> None:
        for _ in self._deliver():
            self._check()

    def _deliver(self) -> Iterator[None]:
        """Report new results to pytest. Ctrl-C waits for the end of a result, so that each is reported completely."""
        while self.watch.news:
            self.progress.before_results()
            with self.interrupts.held():
                news = self.watch.news.popleft()  # removed before a hook can raise, so that nothing is reported twice
                if isinstance(news, Result):
                    self.durations.learn(news)
                self.replay.report(news)
            yield

    def _check(self) -> None:
        """Cancel all jobs and stop if a plugin that saw a report asks for it."""
        if not (self.session.shouldfail or self.session.shouldstop or self.replay.exit):
            return
        self.progress.clear()
        if self.replay.ended:
            with contextlib.suppress(OSError):  # without the note, a resumed session stops once more
                self.watch.session.note("obeyed", tests=self.replay.ended)
        if self.replay.exit is not None:
            raise self.replay.exit
        self._look_once_more()  # what is here by now does not run again when the session is resumed
        self._cancel()
        if self.session.shouldfail:
            raise self.session.Failed(self.session.shouldfail)
        raise self.session.Interrupted(self.session.shouldstop)

    def _interrupted(self) -> None:
        """Report the results that exist and cancel the other jobs; another Ctrl-C leaves at once."""
        self.progress.clear()
        try:
            self._look_once_more()
            for _ in self._deliver():
                pass
        except Exception:  # raised by another plugin's hook: the jobs are cancelled all the same
            self._cancel()
            raise
        self._cancel()

    def _look_once_more(self) -> None:
        until = time.monotonic() + _LAST_LOOK
        self.watch.pull()
        self.watch.begin_round()
        while self.watch.collect() and time.monotonic() < until:
            time.sleep(self.watch.pace.pause)
        time.sleep(self.watch.pace.pause)  # the journal of what is cancelled takes some more

    # Leaving early.

    def _cancel(self) -> None:
        """Cancel all jobs, and say how many were cancelled, and how to get the other results."""
        rest = self._rest()
        try:
            ids = self.watch.cancel()
        except UnansweredError as error:
            self.left_message = f"fugaku: jobs may still run, because they could not be cancelled: {error}; {rest}"
            return
        doubtful = len(self.watch.doubtful)
        doubt = f"; {doubtful} may still start: it is unknown whether they were accepted" if doubtful else ""
        outcome = f"{counted(len(ids), 'job')} cancelled{doubt}; " if ids or doubtful else ""
        self.left_message = f"fugaku: {outcome}{rest}"

    def _still_running(self) -> str:
        """The message that jobs run on after the session ended; "" if no job runs."""
        running = [job for job in self.watch.jobs if job.open and job.stage in (Stage.SUBMITTED, Stage.UNCERTAIN)]
        jobs = counted(len(running), "job")
        return f"fugaku: {jobs} still running; continue with: {self._how_to_resume()}" if running else ""

    def _submitted(self) -> str:
        """The message that jobs were submitted. Of parts that share the number of one job, the first stands for all."""
        first: Dict[str, str] = {}
        jobs = (job for job in self.watch.jobs if job.stage is not Stage.CANCELLED)
        for share in (share for job in jobs for share in job.shares if share.id):
            first.setdefault(re.split(r"\D", share.id)[0], share.id)
        return f"fugaku: submitted {', '.join(first.values())}; continue with: {self._how_to_resume()}"

    def _rest(self) -> str:
        done = f"{len(self.watch.results)} of {len(self.watch.tests)} tests in jobs have results"
        if len(self.watch.results) == len(self.watch.tests) and not self._unmarked:
            return done
        but = ", with no limit of failures to stop it again" if self._is_limited() else ""
        return f"{done}; the rest{but}: {self._how_to_resume()}"

    def _how_to_resume(self) -> str:
        """The command that resumes the session."""
        return suggest.resume(self.watch.session.folder) + (" --maxfail=0" if self._is_limited() else "")

    def _is_limited(self) -> bool:
        """Whether a limit of failures would stop the session again, by all results that pytest has or will have."""
        limit = self.session.config.option.maxfail
        failures = max(self.session.testsfailed, sum(1 for result in self.watch.results.values() if result.failed))
        return bool(limit and failures >= limit)
