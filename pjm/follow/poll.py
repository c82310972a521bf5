"""What the batch system says of a session's jobs: one question for all, less and less often while nothing happens.

It has two views, of its queue and of what has ended. Each time one of them is asked, never both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, List, Optional, Sequence

from pjm import suggest as advice
from pjm.batch.scheduler import Ending, Phase, Scheduler, Status, UnansweredError
from pjm.errors import BadInput
from pjm.follow.deletion import Deletions
from pjm.follow.jobs import FollowedJob, FollowedShare, Stage
from pjm.plan.settings import Settings
from pjm.sessions.session import Session

LOST = Ending(
    False,
    "vanished: the batch system knows it neither among the waiting and running nor among the ended, and it left no end",
    "ask the site what became of it, then run the test again",
    retry=True,
)

_OWN_WORD = Ending(True, "it said itself that it had ended")
LONGEST_SILENCE = 3600.0  # seconds


@dataclass
class Poller:
    """Asks when it is time to, and notes what has ended.

    Attributes:
        session: whose journal is written.
        scheduler: that is asked.
        settings: how often, and what takes too long.
        clock: seconds, of any origin.
        wall: seconds since the epoch.
        deletions: where what takes too long goes.
        due: when to ask next, on our clock.
        trouble: what is not answered at present.
    """

    session: Session
    scheduler: Scheduler
    settings: Settings
    clock: Callable[[], float]
    wall: Callable[[], float]
    deletions: Deletions
    due: float = 0.0
    trouble: Optional[str] = None
    _silences: int = 0
    _interval: float = 0.0
    _ended: bool = False
    _gone: Sequence[str] = ()  # not in the queue any more: the next question is about them alone

    def hurry(self) -> None:
        """Something has happened: ask soon."""
        self._interval = self.settings.poll[0]
        self.due = min(self.due, self.clock() + self._interval)

    def ask(self, jobs: Sequence[FollowedJob]) -> bool:
        """Ask, if it is time to; whether something has ended."""
        if self.clock() < self.due:
            return False
        self.deletions.try_again()
        parts = {part.id: part for job in jobs for part in job.parts if _asked_about(part)}
        low, high = self.settings.poll
        news, self._ended = not parts, False
        gone, self._gone = [part_id for part_id in self._gone if part_id in parts], ()
        if parts:
            try:
                statuses = self.scheduler.look_back(gone) if gone else self.scheduler.poll(list(parts))
            except UnansweredError as error:
                self._unanswered([parts[part_id] for part_id in gone or parts], error)
            else:
                if not gone:
                    self._gone = [part_id for part_id, status in statuses.items() if status.phase is Phase.ABSENT]
                if not self._gone:
                    self.trouble, self._silences = None, 0
                news |= any(parts[part_id].unheard is None for part_id in self._gone)
                for part_id in statuses.keys() - set(self._gone):
                    news |= self._heard(parts[part_id], statuses[part_id])
                self._check_times(parts.values())
        self._interval = low if news else min(max(self._interval, low) * 1.5, high)
        self.due = self.clock() + self._interval
        return self._ended

    def _unanswered(self, parts: Sequence[FollowedShare], error: UnansweredError) -> None:
        """Without an answer, a part's own last word counts after a while; where there is none, we do not wait for ever.

        Raises:
            BadInput: nothing was heard for too long.
        """
        self._silences += 1
        if self._silences > 1:  # once is nothing to speak of
            self.trouble = f"the batch system does not answer: {error}"
        now, longest = self.clock(), 0.0
        for part in parts:
            part.unheard = part.unheard if part.unheard is not None else now
            if part.reading.ended and now - part.unheard > self.settings.grace:
                self._end(part, _OWN_WORD)
            else:
                longest = max(longest, now - part.unheard)
        if longest > LONGEST_SILENCE:
            raise BadInput(
                f"the batch system has said nothing of {len(parts)} jobs for {longest:.0f} s",
                str(error),
                f"no result is lost; when it answers, come back with: {advice.resume(self.session.folder)}",
            )

    def _heard(self, part: FollowedShare, status: Status) -> bool:
        """Take one answer; whether it is news."""
        news = status.phase is not part.status.phase
        part.unheard = None
        if status.phase is Phase.ABSENT:
            self._missed(part)
            return news
        part.absent = None
        part.status = status
        if status.elapsed is not None:
            part.elapsed = max(part.elapsed, status.elapsed)
        if part.running_since is None:
            if status.phase in (Phase.RUNNING, Phase.ENDING):
                part.running_since = status.started or self.wall()
            elif status.ending is not None and status.started:
                part.running_since = status.started
        if status.ending is not None:
            self._end(part, status.ending)
            if status.phase is Phase.STUCK:
                self.deletions.add([part.id])
        return news

    def _missed(self, part: FollowedShare) -> None:
        """It is nowhere: that means something only after a while, or after its own last word."""
        now = self.clock()
        part.absent = part.absent if part.absent is not None else now
        if part.reading.ended:
            self._end(part, _OWN_WORD)
        elif now - part.absent > self.settings.grace:
            self._end(part, LOST)

    def _end(self, part: FollowedShare, ending: Ending) -> None:
        self._ended, now = True, self.wall()
        part.end(ending, self.clock(), now)
        part.waited = part.waited_by(now)
        self.session.note(
            "ended", job=part.job.name, part=part.number, elapsed=part.elapsed, waited=part.waited, **vars(ending)
        )

    def _check_times(self, parts: Iterable[FollowedShare]) -> None:
        """End what waits or runs for longer than the user allows."""
        late: List[FollowedShare] = []
        for part in parts:
            if part.ending is None:
                part.waited = part.waited_by(self.wall())
                ending = self._waited_too_long(part) if part.running_since is None else self._ran_too_long(part)
                if ending is not None:
                    self._end(part, ending)
                    late.append(part)
        if late:
            self.deletions.add(part.id for part in late)

    def _waited_too_long(self, part: FollowedShare) -> Optional[Ending]:
        limit = self.settings.queue_timeout
        if not limit or part.waited <= limit or part.waits:
            return None
        said = f" (it was {part.status.phase.value}: {part.status.said})" if part.status.said else ""
        happened = f"waited {part.waited:.0f} s to start{said}; --fugaku-queue-timeout allows {limit:g} s"
        return Ending(False, happened, "allow more with --fugaku-queue-timeout, or ask for less in the mark")

    def _ran_too_long(self, part: FollowedShare) -> Optional[Ending]:
        limit = self.settings.run_timeout
        if not limit or part.elapsed <= limit:
            return None
        happened = f"ran for {part.elapsed:.0f} s; --fugaku-run-timeout allows {limit:g} s"
        return Ending(False, happened, "allow more with --fugaku-run-timeout, or make the test quicker")


def _asked_about(part: FollowedShare) -> bool:
    return part.job.stage is Stage.SUBMITTED and bool(part.id) and part.ending is None and not part.closed
