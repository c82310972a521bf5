"""The values that `baseline.check` takes: a fingerprint, runs, published figures, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Sequence, Tuple, Union, overload

from mnist_repro.execution.fingerprint import TakenFingerprint
from mnist_repro.runs.run import Run

# (recipe, rung) of a test.
Target = Tuple[str, str]


@dataclass(frozen=True)
class Runs(Sequence[Run]):
    """Runs of one recipe at one scale, and a function that makes more of them.

    Args:
        recipe: name of the recipe.
        scale: ``subset`` or ``full``.
        made: one run for each seed from 0.
        make: takes a number of seeds, and returns the runs of all these seeds.
    """

    recipe: str
    scale: str
    made: Tuple[Run, ...]
    make: Callable[[int], Tuple[Run, ...]]

    @overload
    def __getitem__(self, at: int) -> Run: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Run]: ...

    def __getitem__(self, at: Union[int, slice]) -> Union[Run, Sequence[Run]]:
        return self.made[at]

    def __len__(self) -> int:
        return len(self.made)

    def grown_to(self, seeds: int) -> Runs:
        """These runs together with the runs of further seeds.

        Raises:
            BadInput: a run could not be made.
        """
        return Runs(self.recipe, self.scale, self.make(seeds), self.make)


@dataclass(frozen=True)
class PublishedFigures:
    """The figures that a recipe's source printed. They are compared with stored samples, without a measurement."""

    recipe: str


@dataclass(frozen=True)
class NotMeasured:
    """Why there is nothing to compare."""

    recipe: str
    rung: str
    reason: str


Measured = Union[Sequence[Run], TakenFingerprint, PublishedFigures, NotMeasured]
