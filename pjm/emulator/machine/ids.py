"""Parses job ids and ranges of them on command lines: `12`, `12-20`, `12[3]`, `12[3-5]`, `12_3`, `12_3-5`."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional, Tuple

from pjm.emulator.machine.messages import Refusal
from pjm.emulator.machine.store import WHOLE, Job

ID = r"(\d+)(?:-(\d+)|\[(\d+)(?:-(\d+))?\]|_(\d+)(?:-(\d+))?)?\Z"
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


def wanted(word: str) -> Wanted:
    """The jobs that a word names.

    Raises:
        Refusal: the word is not an id.
    """
    match = re.match(ID, word)
    if match is None:
        raise Refusal("11", word)
    first, last, bulk, last_bulk, step, last_step = match.groups()
    jids = int(first), int(last or first)
    subs = (int(bulk or step), int(last_bulk or last_step or bulk or step)) if bulk or step else None
    if max(jids) > LARGEST or jids[0] > jids[1] or (subs and subs[0] > subs[1]):
        raise Refusal("11", word)
    return Wanted(word, jids, subs, "BU" if bulk else "ST" if step else "")
