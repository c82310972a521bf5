"""A host that runs nothing: it keeps what was asked, and gives prepared answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Optional, Sequence, Set, Union

from pjm.batch.host import Answer

Said = Union[Answer, Exception]


@dataclass
class RecordingHost:
    """Gives one prepared answer after the other and keeps what was asked."""

    answers: List[Said]
    asked: List[Sequence[str]] = field(default_factory=list)
    folders: List[Optional[Path]] = field(default_factory=list)
    missing: Set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        return name not in self.missing

    def run(
        self, command: Sequence[str], timeout: float, folder: Optional[Path] = None, keep_open: Sequence[int] = ()
    ) -> Answer:
        self.asked.append(command)
        self.folders.append(folder)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
