"""The `#PJM` lines of a script: what is not asked for is left to the site."""

from __future__ import annotations

from typing import List, Optional, Tuple

import pytest

from pjm.batch.pjm.directives import directives
from pjm.batch.scheduler import Resources


def outputs(label: str) -> List[str]:
    return [f"-o share-{label}.out", f"-e share-{label}.err", "-S", f"--spath share-{label}.stats"]


def lines(resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]] = None) -> List[str]:
    written = list(directives("name", resources, number, needs))
    assert all(line.startswith("#PJM ") for line in written)
    return [line[len("#PJM ") :] for line in written]


def test_the_least_is_a_name_a_limit_and_nodes() -> None:
    least = ["-N name", '--rsc-list "elapse=00:30:00"', '-L "node=1"']

    assert [*least, *outputs("3")] == lines(Resources(1, 1800), 3)


def test_everything_that_is_asked_for_is_written_and_quoted_for_a_shell() -> None:
    asked = Resources(384, 90000, "small", "hp 1", "/vol1:/vol2", (("A", "1"), ("B", "")))

    assert [
        "-N name",
        '--rsc-list "elapse=25:00:00"',
        '--rsc-list "rscgrp=small"',
        '-L "node=384"',
        "-g 'hp 1'",
        "-x PJM_LLIO_GFSCACHE=/vol1:/vol2",
        "-x A=1",
        "-x B=",
        *outputs("%b"),
    ] == lines(asked, None)


@pytest.mark.parametrize(("nodes", "ranks", "each"), [(1, 4, 4), (2, 8, 4), (2, 5, 3), (3, 3, 1)])
def test_ranks_are_spread_over_the_nodes(nodes: int, ranks: int, each: int) -> None:
    asked = Resources(nodes, 60, ranks=ranks)

    assert [f'-L "node={nodes}"', f'--mpi "proc={ranks},max-proc-per-node={each}"'] == lines(asked, 0)[2:4]


@pytest.mark.parametrize(
    ("needs", "parameters"),
    [
        ((), "sn=2"),
        ((0,), "sn=2,sd=ec!=0:after:0,sd=pc!=0:after:0"),
        ((0, 1), "sn=2,sd=ec!=0:after:0:1,sd=pc!=0:after:0:1"),
    ],
)
def test_a_step_is_removed_if_one_that_it_needs_has_failed(needs: Tuple[int, ...], parameters: str) -> None:
    assert [f'--sparam "{parameters}"', *outputs("2")] == lines(Resources(1, 60), 2, needs)[3:]
