"""Writes the `#PJM` lines of a job script, which request its resources from PJM."""

from __future__ import annotations

import shlex
from typing import Iterator, Optional, Tuple

from pjm.batch.scheduler import Resources
from pjm.elapse import elapse_text


def directives(
    name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
) -> Iterator[str]:
    """The lines, one by one; see `Scheduler.directives`."""
    label = "%b" if number is None else str(number)
    yield f"#PJM -N {name}"
    yield f'#PJM --rsc-list "elapse={elapse_text(resources.elapse)}"'
    if resources.rscgrp is not None:
        yield f'#PJM --rsc-list "rscgrp={resources.rscgrp}"'
    yield f'#PJM -L "node={resources.nodes}"'
    if resources.ranks is not None:
        yield f'#PJM --mpi "proc={resources.ranks},max-proc-per-node={resources.ranks_per_node}"'
    if resources.group is not None:
        yield f"#PJM -g {shlex.quote(resources.group)}"
    if resources.gfscache is not None:
        yield f"#PJM -x PJM_LLIO_GFSCACHE={shlex.quote(resources.gfscache)}"
    for variable, text in resources.env:
        yield f"#PJM -x {variable}={text}"
    if needs is not None:
        yield f'#PJM --sparam "{_step_parameters(label, needs)}"'
    yield f"#PJM -o share-{label}.out"
    yield f"#PJM -e share-{label}.err"
    yield "#PJM -S"
    yield f"#PJM --spath share-{label}.stats"


def _step_parameters(number: str, needs: Tuple[int, ...]) -> str:
    """The number of a step, and when PJM removes it and its followers: a needed step has failed (EC or PC not 0)."""
    steps = "".join(f":{need}" for need in needs)  # Command Reference p. 96: one of those listed is enough
    conditions = [f"sd={code}!=0:after{steps}" for code in ("ec", "pc") if needs]
    return ",".join([f"sn={number}", *conditions])
