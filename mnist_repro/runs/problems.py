"""What was wrong with the input of a page or table: each thing said once, while it is made from the rest."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Dict, Iterator, List

from mnist_repro.errors import BadInput


@dataclass
class Problems:
    """Bad input that was left out, in the order in which it was met."""

    found: List[BadInput] = field(default_factory=list)

    def add(self, problem: BadInput) -> None:
        """Take in a problem, unless it has been said already."""
        if str(problem) not in [str(known) for known in self.found]:
            self.found.append(problem)

    @contextlib.contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Leave out what the block was about if its input is bad."""
        try:
            yield
        except BadInput as problem:
            self.add(problem)

    def fields(self) -> List[Dict[str, str]]:
        """Their JSON form."""
        return [{"what": each.what, "why": each.why, "fix": each.fix} for each in self.found]
