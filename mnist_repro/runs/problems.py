"""Collects the errors of bad input, each once, while a page or table is made from the valid input."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Dict, Iterator, List

from mnist_repro.errors import BadInput


@dataclass
class Problems:
    """The errors of the input that was left out, in order of occurrence."""

    found: List[BadInput] = field(default_factory=list)

    def add(self, problem: BadInput) -> None:
        """Add a problem, unless it is already there."""
        if str(problem) not in [str(known) for known in self.found]:
            self.found.append(problem)

    @contextlib.contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Catch `BadInput` from the block and add it, so that its input is left out."""
        try:
            yield
        except BadInput as problem:
            self.add(problem)

    def fields(self) -> List[Dict[str, str]]:
        """The JSON form of the problems."""
        return [{"what": each.what, "why": each.why, "fix": each.fix} for each in self.found]
