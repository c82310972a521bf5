"""Ranks without MPI: threads of this process, of which one runs at a time until it waits for the others."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Callable, Dict, List, TypeVar

import numpy as np

Result = TypeVar("Result")


class LeftAloneError(Exception):
    """Another rank failed, or ended, while this one waited for it."""


@dataclass
class _Meeting:
    """What the ranks share: whose turn it is, and what they brought to their calls."""

    size: int
    turn: threading.Condition = field(default_factory=threading.Condition)
    calls: Dict[int, Dict[int, np.ndarray]] = field(default_factory=dict)
    gone: int = 0


class ThreadCommunicator:
    """One rank of `on_ranks`."""

    def __init__(self, meeting: _Meeting, rank: int) -> None:
        self.rank, self.size = rank, meeting.size
        self._meeting, self._calls = meeting, 0

    def gather(self, array: np.ndarray) -> np.ndarray:
        """The arrays of all ranks, in their order."""
        meeting = self._meeting
        brought = meeting.calls.setdefault(self._calls, {})
        # Every rank that is in the last call has read the one before that.
        meeting.calls.pop(self._calls - 2, None)
        self._calls += 1
        brought[self.rank] = array.copy()
        meeting.turn.notify_all()
        meeting.turn.wait_for(lambda: len(brought) == self.size or meeting.gone > 0)
        if len(brought) < self.size:
            raise LeftAloneError
        return np.stack([brought[rank] for rank in range(self.size)])

    def broadcast(self, array: np.ndarray) -> np.ndarray:
        """The array of rank 0."""
        return np.asarray(self.gather(array)[0])


def this_rank() -> int:
    """The rank that runs now, for what is planted in one of them."""
    return int(threading.current_thread().name.rpartition(" ")[2])


def on_ranks(size: int, work: Callable[[ThreadCommunicator], Result]) -> List[Result]:
    """What each of so many ranks returns; raises the first error of a rank."""
    meeting = _Meeting(size)
    results: Dict[int, Result] = {}
    errors: List[BaseException] = []

    def run(rank: int) -> None:
        with meeting.turn:
            try:
                results[rank] = work(ThreadCommunicator(meeting, rank))
            except BaseException as error:  # raised below, in the test's own thread
                errors.append(error)
            meeting.gone += 1
            meeting.turn.notify_all()

    threads = [threading.Thread(target=run, args=(rank,), name=f"rank {rank}") for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[rank] for rank in range(size)]
