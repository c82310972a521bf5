"""Parses job ids and ranges of them on command lines: `12`, `12-20`, `12[3]`, `12[3-5]`, `12_3`, `12_3-5`."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple

from pjm.emulator.machine.store import WHOLE, Job

ID = re.compile(r"(\d+)(?:-(\d+)|\[(\d+)(?:-(\d+))?\]|_(\d+)(?:-(\d+))?)?\Z")
LARGEST = 2147483647


class Wanted(NamedTuple):
    """The jobs that a word names: whole jobs with numbers ``jids``, or sub jobs with numbers ``subs`` of one job.

    Attributes:
        word: the word as the user wrote it.
        jids: first and last number.
        subs: first and last number; None for whole jobs.
        model: BU or ST, from the way the sub jobs are written; "" for whole jobs.
    """

    word: str
    jids: Tuple[int, int]
    subs: Optional[Tuple[int, int]] = None
    model: str = ""

    @property
    def is_range(self) -> bool:
        """Whether the word is a range: errors within a range are not reported."""
        return self.jids[0] != self.jids[1] or (self.subs is not None and "-" in self.word)

    def names(self, job: Job) -> bool:
        """Whether the word names this job itself, not only its parent."""
        if not self.jids[0] <= job.jid <= self.jids[1]:
            return False
        if self.subs is None:
            return job.sub == WHOLE
        return job.sub != WHOLE and self.subs[0] <= job.sub <= self.subs[1] and job.model == self.model


def wanted(word: str) -> Optional[Wanted]:
    """The jobs that a word names; None if the word is not an id."""
    match = ID.match(word)
    if match is None:
        return None
    first = int(match.group(1))
    last, bulk, bulk_last, step, step_last = (None if part is None else int(part) for part in match.groups()[1:])
    if first > LARGEST or (last or 0) > LARGEST:
        return None
    if bulk is not None:
        return _ordered(Wanted(word, (first, first), (bulk, bulk if bulk_last is None else bulk_last), "BU"))
    if step is not None:
        return _ordered(Wanted(word, (first, first), (step, step if step_last is None else step_last), "ST"))
    return _ordered(Wanted(word, (first, first if last is None else last)))


def _ordered(target: Wanted) -> Optional[Wanted]:
    subs = target.subs or (0, 0)
    return target if target.jids[0] <= target.jids[1] and subs[0] <= subs[1] else None
