"""Deletes jobs, and tries again what the batch system has not taken."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Dict, Iterable, Optional

from pjm.scheduler import Scheduler, UnansweredError
from pjm.session import Session


@dataclass
class Deletions:
    """The jobs that have to go.

    Attributes:
        session: whose journal is written.
        scheduler: that has the jobs.
        left: ids of those that may still be there, in order.
        trouble: why, in words; None if none is left.
    """

    session: Session
    scheduler: Scheduler
    left: Dict[str, None] = field(default_factory=dict)
    trouble: Optional[str] = None

    def add(self, ids: Iterable[str]) -> bool:
        """Delete jobs; whether that was taken. What was not stays among those that are left."""
        new = [each for each in ids if each not in self.left]
        if new:
            with contextlib.suppress(OSError):  # a full disk keeps no job from being deleted
                self.session.note("deleting", ids=new)
            self.left.update(dict.fromkeys(new))
        return self.try_again()

    def try_again(self) -> bool:
        """Delete what is left, in one command; whether nothing is now."""
        if not self.left:
            return True
        ids = list(self.left)
        try:
            self.scheduler.cancel(ids)
        except UnansweredError as error:
            self.trouble = f"the batch system did not delete {len(ids)} jobs: {error}"
            return False
        with contextlib.suppress(OSError):  # whoever comes back asks again
            self.session.note("deleted", ids=ids)
        self.left.clear()
        self.trouble = None
        return True
