"""Job ids and ranges of them as commands take them: `12`, `12-20`, `12[3]`, `12[3-5]`, `12_3`, `12_3-5`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional, Tuple

from pjm.emulator.machine.store import WHOLE, Job

ID = re.compile(r"(\d+)(?:-(\d+)|\[(\d+)(?:-(\d+))?\]|_(\d+)(?:-(\d+))?)?\Z")
LARGEST = 2147483647


@dataclass(frozen=True)
class Wanted:
    """What a word names: whole jobs of numbers ``jids``, or sub jobs of numbers ``subs`` of one job.

    Attributes:
        word: as the user wrote it.
        jids: first and last.
        subs: first and last; None for whole jobs.
        model: BU or ST by the way the sub jobs are written; "" for whole jobs.
    """

    word: str
    jids: Tuple[int, int]
    subs: Optional[Tuple[int, int]] = None
    model: str = ""

    @property
    def is_range(self) -> bool:
        """Written as a range: errors within it are silent."""
        return self.jids[0] != self.jids[1] or (self.subs is not None and "-" in self.word)

    def names(self, job: Job) -> bool:
        """It means this job, and not only one that it is part of."""
        if not self.jids[0] <= job.jid <= self.jids[1]:
            return False
        if self.subs is None:
            return job.sub == WHOLE
        return job.sub != WHOLE and self.subs[0] <= job.sub <= self.subs[1] and job.model == self.model


def wanted(word: str) -> Optional[Wanted]:
    """What a word names; None if it is no id."""
    found = ID.match(word)
    if found is None:
        return None
    first = int(found.group(1))
    last, bulk, bulk_last, step, step_last = (None if part is None else int(part) for part in found.groups()[1:])
    if first > LARGEST or (last or 0) > LARGEST:
        return None
    if bulk is not None:
        return _ordered(Wanted(word, (first, first), (bulk, bulk if bulk_last is None else bulk_last), "BU"))
    if step is not None:
        return _ordered(Wanted(word, (first, first), (step, step if step_last is None else step_last), "ST"))
    return _ordered(Wanted(word, (first, first if last is None else last)))


def _ordered(found: Wanted) -> Optional[Wanted]:
    subs = found.subs or (0, 0)
    return found if found.jids[0] <= found.jids[1] and subs[0] <= subs[1] else None
