"""Makes the runs of a baseline and leaves a proposal in baselines/RECIPE/RUNG.proposed.yml.

Stored files do not change. Runs are kept in baselines/.recording until you remove it: if a recording was stopped, type
the command again, and it makes the missing seeds. An existing run is used if it has the same dataset, arithmetic and
scale, the same machine architecture, TensorFlow and Keras, and the same training code: a hash of the source that trains
and scores. A commit or a changed comment does not change this hash; an uncommitted change does.

Stored margins, tolerances and reasons do not change without --new-margins.

Examples:
  mnist-repro baseline record --all                      fingerprints and 16 seeds at subset, every recipe
  mnist-repro baseline record tf-cnn --rung full         16 seeds of the published budget
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Dict, Optional, Sequence

from mnist_repro.commands.options import add_arithmetic, add_data, load_data, require_positive, require_seeds
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.execution.workers import Task
    from mnist_repro.harness.recorder import Recorder
    from mnist_repro.recipes import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `baseline record`, except recipes and rungs."""
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="seeds 0 to N-1 (default: 16, or as many as are stored)",
    )
    parser.add_argument("--processes", type=int, metavar="N", help="runs side by side (default: one per core)")
    parser.add_argument(
        "--new-margins", action="store_true", help="replace stored margins and tolerances by those of the new runs"
    )
    add_arithmetic(parser)
    add_data(parser)


def run(arguments: argparse.Namespace, recipes: Sequence[Recipe], rungs: Sequence[str]) -> ExitCode:
    """Record these rungs of these recipes; an error in one does not stop the others."""
    from mnist_repro import display
    from mnist_repro.data.locate import place
    from mnist_repro.execution import workers
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.harness.recorder import Recorder
    from mnist_repro.training.framework import require_tensorflow

    seeds = None if arguments.seeds is None else require_seeds(arguments.seeds)
    number = workers.cores() if arguments.processes is None else arguments.processes
    processes = require_positive("--processes", number)
    require_tensorflow()
    require_writable(arguments.baselines)
    dataset = load_data(arguments)
    with display.bars() as show:
        recorder = Recorder(
            arguments.baselines,
            dataset,
            place(dataset),
            arguments.arithmetic,
            processes,
            arguments.new_margins,
            _say,
            lambda event: show(_title(event.task), event.done, event.total),
        )
        codes = [_record(recorder, recipe, rung, seeds) for recipe in recipes for rung in rungs]
    return max(codes)


def _record(recorder: Recorder, recipe: Recipe, rung: str, seeds: Optional[int]) -> ExitCode:
    from mnist_repro.execution.workers import RunFailedError

    failures: Dict[Task, BadInput] = {}
    try:
        if rung == "fingerprint":
            recorder.fingerprint(recipe)
        else:
            failures = recorder.samples(recipe, rung, seeds)
    except BadInput as error:
        sys.stderr.write(f"mnist-repro: {recipe.name} {rung}: {error}\n")
        return ExitCode.BAD_INPUT
    if not failures:
        return ExitCode.PASSED
    for task, failure in failures.items():
        sys.stderr.write(f"mnist-repro: {_title(task)}: {failure}\n")
    _say(f"{recipe.name} {rung}: nothing is proposed; the same command makes the runs that failed, and no others")
    only_runs = all(isinstance(failure, RunFailedError) for failure in failures.values())
    return ExitCode.VERDICT if only_runs else ExitCode.BAD_INPUT


def _title(task: Task) -> str:
    return f"{task.assignment.recipe.name} {task.assignment.scale}, seed {task.assignment.seed}"


def _say(line: str) -> None:
    print(line, flush=True)
