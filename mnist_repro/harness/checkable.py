"""What a test can hand to `baseline.check`: a fingerprint, runs, published figures, or why there is none of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence, Tuple, Union, overload

from mnist_repro.runs.run import Run

# (recipe, rung): what a test is about.
Target = Tuple[str, str]


@dataclass(frozen=True)
class TakenFingerprint:
    """A fingerprint, with what it is of.

    Args:
        recipe: its name.
        dataset: its name.
        arithmetic: ``original`` or ``framework``.
        exact: counts and checksums.
        losses: losses of steps and scores.
        provenance: what it was taken with.
    """

    recipe: str
    dataset: str
    arithmetic: str
    exact: Mapping[str, int]
    losses: Mapping[str, float]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Runs(Sequence[Run]):
    """Runs of one recipe at one scale, of which more can be made.

    Args:
        recipe: its name.
        scale: ``subset`` or ``full``.
        made: one run for each seed from 0.
        make: takes a number of seeds, and returns the runs of all of them.
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
        """The same runs and those of further seeds.

        Raises:
            BadInput: one could not be made.
        """
        return Runs(self.recipe, self.scale, self.make(seeds), self.make)


@dataclass(frozen=True)
class PublishedFigures:
    """What a recipe's source printed; nothing needs to be measured to hold it against stored samples."""

    recipe: str


@dataclass(frozen=True)
class NotMeasured:
    """Why there is nothing to compare.

    Args:
        recipe: its name.
        rung: that was asked for.
        reason: what happened, and what to do.
    """

    recipe: str
    rung: str
    reason: str


Measured = Union[Sequence[Run], TakenFingerprint, PublishedFigures, NotMeasured]
