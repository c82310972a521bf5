"""Writes the `#SBATCH` lines of a job script, which request its resources from Slurm."""

from __future__ import annotations

import itertools
import shlex
from typing import Iterator, List, Optional, Tuple

from pjm.batch.scheduler import Resources

MINUTE = 60
_MARK = "#SBATCH "


def directives(
    name: str, resources: Resources, number: Optional[int], needs: Optional[Tuple[int, ...]]
) -> Iterator[str]:
    """The lines, one by one; see `Scheduler.directives`. They export the environment: sbatch takes none."""
    label = "%a" if number is None else str(number)
    yield f"{_MARK}--job-name={name if needs is None else step_name(name, int(label))}"
    yield f"{_MARK}--nodes={resources.nodes}"
    yield f"{_MARK}--time={-(-resources.elapse // MINUTE)}"
    # Slurm has a number of tasks, and processors of each: one task on each node, or the ranks.
    tasks, cpus = resources.ranks_per_node or None, resources.cpus
    wished = (
        ("ntasks", resources.ranks),
        ("ntasks-per-node", tasks),
        ("partition", resources.rscgrp),
        ("account", resources.group),
        ("cpus-per-task", max(1, cpus // tasks) if cpus and tasks else cpus),
        ("mem", resources.mem),
        ("gres", resources.gres),
    )
    for option, value in wished:
        if value is not None:
            yield f"{_MARK}--{option}={shlex.quote(str(value))}"
    yield f"{_MARK}--output=share-{label}.out"
    yield f"{_MARK}--error=share-{label}.err"
    yield f"{_MARK}--open-mode=truncate"
    for variable, text in resources.env:
        yield f"export {variable}={text}"


def step_name(name: str, number: int) -> str:
    """The name of one job of a chain."""
    return f"{name}.{number}"


def words(script: str) -> List[str]:
    """The options in the directives of a script. On the command line they override the user's SBATCH_… variables.

    As for sbatch, the directives end at the first command: what follows is the user's text.
    """
    head = itertools.takewhile(lambda line: line.startswith("#"), script.split("\n"))
    return [word for line in head if line.startswith(_MARK) for word in shlex.split(line[len(_MARK) :])]
