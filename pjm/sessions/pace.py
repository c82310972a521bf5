"""Bounds how many file operations a second a client needs: a whole site shares the file system."""

from __future__ import annotations

from typing import Callable

RATE = 24.0  # a second, on average; in any one second there are at most 50
EMULATED = 2000.0  # the same where nothing but this machine is kept busy
READ = 3  # operations that reading a share's file of events takes: open, read, close
COPY = 2  # those of appending what was read to the copy
JOB = 26  # those of writing or reading the folder of a job, and what a session has besides
SUBMISSION = 14  # those of noting that a job is submitted
WRITE = 6  # those of replacing a small file
EXPLAIN = 23  # those of reading what a share without results has left: its outputs, statistics and captured output
_BURST = 0.5  # seconds for which operations may be saved up


class Pace:
    """Counts the operations that are allowed now.

    More may be spent than are allowed; then none is allowed until that is made up for. What takes many operations waits
    until as many are allowed as can be saved up. So in any second there are at most as many as the rate, and those of
    one such thing: it uses up what was saved.

    Args:
        rate: operations a second.
        clock: seconds, of any origin.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._room = rate * _BURST
        self._since = clock()

    @property
    def pause(self) -> float:
        """Seconds until as many operations are allowed as can be saved up."""
        return max(0.0, _BURST - self._refilled() / self._rate)

    def allows(self, operations: float = 1) -> bool:
        """Whether so many operations are allowed now, or as many as can be saved up."""
        return self._refilled() >= min(operations, self._rate * _BURST * 0.99)

    def spend(self, operations: float) -> None:
        """Note operations, which are done at once."""
        self._room = self._refilled() - operations

    def _refilled(self) -> float:
        now = self._clock()
        self._room = min(self._room + (now - self._since) * self._rate, self._rate * _BURST)
        self._since = now
        return self._room
