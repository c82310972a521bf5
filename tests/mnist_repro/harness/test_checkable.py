from __future__ import annotations

from typing import List, Tuple

from mnist_repro.harness.checkable import Runs
from mnist_repro.runs.run import Run
from tests.builders import gate_cases


def test_runs_are_a_sequence_that_can_grow() -> None:
    made: List[int] = []

    def make(seeds: int) -> Tuple[Run, ...]:
        made.append(seeds)
        return gate_cases.runs(seeds=range(seeds))

    three = Runs("vgg7", "subset", gate_cases.runs(seeds=range(3)), make)

    five = three.grown_to(5)

    assert (3, [5], 5) == (len(three), made, len(five))
    assert ([0, 1, 2], 4) == ([run.seed for run in three], five[-1].seed)
    assert gate_cases.runs(seeds=range(2)) == five[:2]
