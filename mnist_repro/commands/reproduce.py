"""Run published trainings again and say whether the published figures still come out.

Each seed is trained, its weights are written to runs/RECIPE/seed-N/param.hdf5 and scored from that file. A published
figure is the result of one run. It is
  reproduced      if a difference of 3.8 standard deviations of one run is excluded,
  not reproduced  if it lies outside the interval in which one more run would land (99.5 %, for all figures together),
  inconclusive    if neither is shown; the reason names the number of seeds that would settle it, if any would.
The standard deviation is that of these seeds and of the runs stored in --baselines.

At the subset scale and on other data than MNIST nothing published can be tested. Runs are then judged by those stored
in --baselines, of the same data and arithmetic; without them the runs cannot be judged, and the exit code is 1.

Recipes: wheel-softmax (default), keras-cnn, tf-softmax, tf-cnn, vgg7, vgg7-bn.

Examples:
  mnist-repro reproduce                                      the WHEEL tutorial, 3 seeds
  mnist-repro reproduce wheel-softmax --seeds 10             a sharper answer
  mnist-repro reproduce wheel-softmax --arithmetic framework what this TensorFlow's own optimiser gives
  mnist-repro reproduce --all --json result.json             all six recipes, for machines too
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Optional

from mnist_repro.commands.options import (
    add_baselines,
    add_run,
    named_place,
    require_positive,
    require_seeds,
    require_there,
)
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.execution.workers import Failure, Task

DESCRIPTION = "train published recipes again, and compare with the published figures"
DEFAULT = "wheel-softmax"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=f"which (default: {DEFAULT})")
    parser.add_argument("--all", action="store_true", help="all recipes")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N-1 (default: %(default)s)")
    parser.add_argument(
        "--out", type=named_place, default=Path("runs"), metavar="DIR", help="for the runs (default: %(default)s)"
    )
    parser.add_argument("--json", type=named_place, metavar="FILE", help="write the result there as well")
    add_baselines(parser, "stored runs to judge by (default: %(default)s, if it is there)")
    parser.add_argument("--processes", type=int, metavar="N", help="runs side by side (default: one per core)")
    add_run(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Train and estimate the runs, compare them with the published figures, and print the result."""
    from mnist_repro.data.dataset import describe
    from mnist_repro.data.locate import load, place
    from mnist_repro.execution import components, workers
    from mnist_repro.files.atomic import require_replaceable, write_text
    from mnist_repro.gate.baselines import files as baseline_files
    from mnist_repro.recipes import RECIPES, find
    from mnist_repro.reproduction import judgement
    from mnist_repro.reproduction import text as reproduction_text
    from mnist_repro.runs.run_json import read
    from mnist_repro.training.framework import require_tensorflow

    require_seeds(arguments.seeds)
    number = workers.cores() if arguments.processes is None else arguments.processes
    processes = require_positive("--processes", number)
    if arguments.all and arguments.recipes:
        raise BadInput(f"--all and {' '.join(arguments.recipes)}", "--all already means every recipe", "leave one out")
    names = list(RECIPES) if arguments.all else list(dict.fromkeys(arguments.recipes)) or [DEFAULT]
    recipes = [find(name) for name in names]
    if arguments.json is not None:
        require_replaceable(arguments.json)
    require_tensorflow()
    dataset = load(arguments.data)
    print(describe(dataset), flush=True)
    require_there(arguments.baselines)
    # Read before the work: a baseline that cannot be read would stop the command at its end.
    stored = {recipe.name: baseline_files.read(arguments.baselines, recipe.name, arguments.scale) for recipe in recipes}
    tasks = [
        workers.Task(
            components.Assignment(recipe, seed, arguments.scale, arguments.arithmetic),
            place(dataset),
            arguments.out / recipe.name / f"seed-{seed}",
        )
        for recipe in recipes
        for seed in range(arguments.seeds)
    ]
    for task in tasks:
        components.check_folder(task.folder, task.assignment.recipe)
    if arguments.json is not None:
        components.check_result(arguments.json, [task.folder for task in tasks])
    outcomes = _train(tasks, processes)
    runs = {task: read(task.folder) for task, failure in outcomes.items() if failure is None}
    failures = {task: failure for task, failure in outcomes.items() if failure is not None}
    result = judgement.judge(
        [
            (recipe, [runs[task] for task in tasks if task in runs and task.assignment.recipe is recipe])
            for recipe in recipes
        ],
        seeds=arguments.seeds,
        scale=arguments.scale,
        dataset=dataset,
        stored=stored,
    )
    if arguments.json is not None:
        write_text(arguments.json, reproduction_text.as_json(result, arguments.arithmetic))
    print(reproduction_text.as_text(result, arguments.scale, arguments.arithmetic), flush=True)
    for task, failure in failures.items():
        sys.stderr.write(f"mnist-repro: {_title(task)}: {failure}\n")
    if any(failure.bad_input for failure in failures.values()):
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED if result.passes else ExitCode.VERDICT


def _train(tasks: List[Task], processes: int) -> Dict[Task, Optional[Failure]]:
    from mnist_repro import display
    from mnist_repro.execution import workers
    from mnist_repro.runs.run_json import FILE

    before = {task: _stamp(task.folder / FILE) for task in tasks}
    try:
        with display.bars() as show:
            return workers.run_all(tasks, processes, lambda event: show(_title(event.task), event.done, event.total))
    except KeyboardInterrupt:
        whole = [str(task.folder) for task in tasks if _stamp(task.folder / FILE) not in (None, before[task])]
        listed = "".join(f"\n  {folder}" for folder in whole)
        print(f"{len(whole)} of {len(tasks)} runs had finished and are whole{listed}", flush=True)
        raise


def _title(task: Task) -> str:
    return f"{task.assignment.recipe.name}, seed {task.assignment.seed}"


def _stamp(file: Path) -> Optional[int]:
    return file.stat().st_mtime_ns if file.exists() else None
