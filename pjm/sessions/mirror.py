"""The interface to a session's copy on another machine, and the case that there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Optional, Protocol, Sequence, Tuple


class Mirror(Protocol):
    """A copy of a session on the machine of its jobs: what is written here is pushed, what jobs write is pulled."""

    trouble: Optional[str]

    def push(self, paths: Sequence[Path]) -> bool:
        """Copy files and folders of the session to there. Return whether they are there; if not, `trouble` says why.

        Raises:
            BadInput: they can never be written there.
        """
        ...

    def pull(self, shares: Iterable[Tuple[str, int, bool]], now: float) -> None:
        """Copy what jobs have written to here; if that does not work, `trouble` says why.

        A share is given by the name of its job, its number, and whether it has ended.
        """
        ...

    def as_of(self, now: float) -> float:
        """The time of our clock up to which everything that jobs had written is here."""
        ...

    def under_way(self, folder: Path) -> bool:
        """Whether a submission from this folder of a job may still be under way there."""
        ...


class NoMirror:
    """Jobs see the session's folder itself."""

    trouble: Optional[str] = None

    def push(self, paths: Sequence[Path]) -> bool:
        """See `Mirror.push`."""
        return True

    def pull(self, shares: Iterable[Tuple[str, int, bool]], now: float) -> None:
        """See `Mirror.pull`."""

    def as_of(self, now: float) -> float:
        """See `Mirror.as_of`."""
        return now

    def under_way(self, folder: Path) -> bool:
        """See `Mirror.under_way`."""
        return False
