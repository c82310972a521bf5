"""Polls the batch system: one question for all jobs of a session, less often while nothing changes.

The batch system has two views: its queue, and its history of ended jobs. Each poll asks only one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, Iterable, List, Optional, Sequence

from pjm import suggest
from pjm.batch.scheduler import Ending, Phase, Scheduler, Status, UnansweredError
from pjm.counted import counted
from pjm.errors import BadInput
from pjm.follow.deletion import Deletions
from pjm.follow.jobs import Clock, FollowedJob, FollowedShare, Stage
from pjm.plan.settings import Settings
from pjm.sessions.session import Session

LOST = Ending(
    False,
    "vanished: it is neither in the queue nor in the history, and its own files show no end",
    "ask the site what became of it, then run the test again",
    retry=True,
)

_OWN_WORD = Ending(True, "it said itself that it had ended")
LONGEST_SILENCE = 3600.0  # seconds


@dataclass
class Poller:
    """Asks the batch system when a poll is due, and notes which jobs have ended.

    Attributes:
        session: the session; its journal records the ends of jobs.
        scheduler: the batch system.
        settings: how often to ask, and how long a job may wait and run.
        clock: tells the time.
        deletions: receives the jobs that take too long.
        due: when to ask next, on our clock.
        trouble: the question that is not answered at present; None if all are.
    """

    session: Session
    scheduler: Scheduler
    settings: Settings
    clock: Clock
    deletions: Deletions
    due: float = 0.0
    trouble: Optional[str] = None
    _silences: int = 0
    _interval: float = 0.0
    _ended: bool = False
    _ends: List[Dict[str, object]] = field(default_factory=list)
    _gone: Sequence[str] = ()  # no longer in the queue: the next question is about these only

    def hurry(self) -> None:
        """Ask soon, because something has happened."""
        self._interval = self.settings.poll[0]
        self.due = min(self.due, self.clock.monotonic() + self._interval)

    def ask(self, jobs: Sequence[FollowedJob]) -> bool:
        """Ask, if a poll is due. Return whether a job has ended."""
        if self.clock.monotonic() < self.due:
            return False
        self.deletions.try_again()
        shares = {share.id: share for job in jobs for share in job.shares if _asked_about(share)}
        low, high = self.settings.poll
        news, self._ended = not shares, False
        gone, self._gone = [share_id for share_id in self._gone if share_id in shares], ()
        if shares:
            try:
                statuses = self.scheduler.look_back(gone) if gone else self.scheduler.poll(list(shares))
            except UnansweredError as error:
                self._unanswered([shares[share_id] for share_id in gone or shares], error)
            else:
                if not gone:
                    self._gone = [share_id for share_id, status in statuses.items() if status.phase is Phase.ABSENT]
                if not self._gone:
                    self.trouble, self._silences = None, 0
                news |= any(shares[share_id].unheard is None for share_id in self._gone)
                heard = {share_id: statuses[share_id] for share_id in statuses.keys() - set(self._gone)}
                for share_id, status in heard.items():
                    news |= self._heard(shares[share_id], status)
                late = self._too_long(shares.values())
                self._note_ends()
                stuck = [share_id for share_id, status in heard.items() if status.phase is Phase.STUCK]
                if stuck or late:
                    self.deletions.add([*stuck, *late])
        self._interval = low if news else min(max(self._interval, low) * 1.5, high)
        self.due = self.clock.monotonic() + self._interval
        return self._ended

    def _unanswered(self, shares: Sequence[FollowedShare], error: UnansweredError) -> None:
        """Handle a question without an answer.

        A share whose own files show its end counts as ended after the grace time. For the others we wait, but not for
        ever.

        Raises:
            BadInput: there was no answer for too long.
        """
        self._silences += 1
        if self._silences > 1:  # a single one is not worth a message
            self.trouble = f"the batch system does not answer: {error}"
        now, longest = self.clock.monotonic(), 0.0
        for share in shares:
            share.unheard = share.unheard if share.unheard is not None else now
            if share.reading.ended and now - share.unheard > self.settings.grace:
                self._end(share, _OWN_WORD)
            else:
                longest = max(longest, now - share.unheard)
        self._note_ends()
        if longest > LONGEST_SILENCE:
            raise BadInput(
                f"no answer from the batch system about {counted(len(shares), 'job')} for {longest:.0f} s",
                str(error),
                f"no result is lost; when it answers, continue with: {suggest.resume(self.session.folder)}",
            )

    def _heard(self, share: FollowedShare, status: Status) -> bool:
        """Apply one answer. Return whether it is new."""
        news = status.phase is not share.status.phase
        share.unheard = None
        if status.phase is Phase.ABSENT:
            self._missed(share)
            return news
        share.absent = None
        share.status = status
        if status.elapsed is not None:
            share.elapsed = max(share.elapsed, status.elapsed)
        if share.running_since is None:
            if status.phase in (Phase.RUNNING, Phase.ENDING):
                share.running_since = status.started or self.clock.time()
            elif status.ending is not None and status.started:
                share.running_since = status.started
        if status.ending is not None:
            self._end(share, status.ending)
        return news

    def _missed(self, share: FollowedShare) -> None:
        """Handle a share that is in neither view: it has ended if its own files say so, or after the grace time."""
        now = self.clock.monotonic()
        share.absent = share.absent if share.absent is not None else now
        if share.reading.ended:
            self._end(share, _OWN_WORD)
        elif now - share.absent > self.settings.grace:
            self._end(share, LOST)

    def _end(self, share: FollowedShare, ending: Ending) -> None:
        self._ended, now = True, self.clock.time()
        share.end(ending, self.clock.monotonic(), now)
        share.waited = share.waited_by(now)
        self._ends.append({**share.usage, **vars(ending)})

    def _note_ends(self) -> None:
        """Write the ends that are new into the journal, with one write for all."""
        ends, self._ends = self._ends, []
        self.session.note_all("ended", ends)

    def _too_long(self, shares: Iterable[FollowedShare]) -> List[str]:
        """End the shares that wait or run for longer than the user allows. Return their ids."""
        late: List[str] = []
        for share in shares:
            if share.ending is None:
                share.waited = share.waited_by(self.clock.time())
                ending = self._waited_too_long(share) if share.running_since is None else self._ran_too_long(share)
                if ending is not None:
                    self._end(share, ending)
                    late.append(share.id)
        return late

    def _waited_too_long(self, share: FollowedShare) -> Optional[Ending]:
        limit = self.settings.queue_timeout
        if not limit or share.waited <= limit or share.waits:
            return None
        said = f" (it was {share.status.phase.value}: {share.status.said})" if share.status.said else ""
        happened = f"waited {share.waited:.0f} s to start{said}; --fugaku-queue-timeout allows {limit:g} s"
        return Ending(False, happened, "allow more with --fugaku-queue-timeout, or ask for less in the mark")

    def _ran_too_long(self, share: FollowedShare) -> Optional[Ending]:
        limit = self.settings.run_timeout
        if not limit or share.elapsed <= limit:
            return None
        happened = f"ran for {share.elapsed:.0f} s; --fugaku-run-timeout allows {limit:g} s"
        return Ending(False, happened, "allow more with --fugaku-run-timeout, or make the test quicker")


def _asked_about(share: FollowedShare) -> bool:
    return share.job.stage is Stage.SUBMITTED and bool(share.id) and share.ending is None and not share.closed
