"""Run published trainings again and say whether the published figures still come out.

Each seed is trained, its weights are written to param.hdf5 in runs/RECIPE/DATASET-SCALE-ARITHMETIC/seed-N and scored
from that file. A published figure is the result of one run. It is
  reproduced      if a difference of 3.8 standard deviations of one run is excluded,
  not reproduced  if it lies outside the interval in which one more run would land (99.8 %, for all figures together),
  inconclusive    if neither is shown; the reason says how many seeds would probably settle it, if any number would.
The standard deviation is that of these seeds and of the runs stored in --baselines.

Existing whole runs are used again if the same code made them on the same platform. So if you stop the command, type it
again: it continues; and --seeds 10 after --seeds 3 trains seven seeds. --again trains all runs again.

At the subset scale, and on other data than MNIST, no published figure can be tested. Then the runs are compared with
those stored in --baselines, of the same data and arithmetic. Without stored runs the exit code is 1.

Recipes: wheel-softmax (default), keras-cnn, tf-softmax, tf-cnn, vgg7, vgg7-bn.

Examples:
  mnist-repro reproduce                                      the WHEEL tutorial, 3 seeds
  mnist-repro reproduce wheel-softmax --seeds auto           as many seeds as settle it, at most 10
  mnist-repro reproduce wheel-softmax --arithmetic framework with this TensorFlow's own optimiser
  mnist-repro reproduce --all --json result.json             all six recipes, the result as JSON too
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.commands.options import (
    AUTO,
    add_baselines,
    add_run,
    load_data,
    named_place,
    number_or_auto,
    require_positive,
    require_seeds,
    require_there,
)
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.data.dataset import Dataset
    from mnist_repro.execution.workers import Progress, Task
    from mnist_repro.gate.baselines.values import BaselineFile
    from mnist_repro.recipes import Recipe
    from mnist_repro.reproduction.judgement import Result
    from mnist_repro.runs.run import Run

DESCRIPTION = "train published recipes again, and compare with the published figures"
DEFAULT = "wheel-softmax"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=f"the recipes (default: {DEFAULT})")
    parser.add_argument("--all", action="store_true", help="all recipes")
    parser.add_argument(
        "--seeds",
        type=number_or_auto,
        default=3,
        metavar="N|auto",
        help="seeds 0 to N-1; auto: 3, then 5, then 10, while more can settle it (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=named_place,
        default=Path("runs"),
        metavar="DIR",
        help="folder for the runs (default: %(default)s)",
    )
    parser.add_argument("--again", action="store_true", help="train existing runs again, and replace them")
    parser.add_argument("--json", type=named_place, metavar="FILE", help="write the result into this file as well")
    add_baselines(parser, "stored runs to compare with (default: %(default)s, if it exists)")
    parser.add_argument("--processes", type=int, metavar="N", help="runs side by side (default: one per core)")
    add_run(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Train and estimate the runs, compare them with the published figures, and print the result."""
    from mnist_repro.execution import components, workers
    from mnist_repro.files.atomic import require_replaceable, write_text
    from mnist_repro.recipes import RECIPES, find
    from mnist_repro.reproduction import text as reproduction_text
    from mnist_repro.reproduction.judgement import AUTO_SEEDS
    from mnist_repro.runs import baselines
    from mnist_repro.training.framework import require_tensorflow

    counts = AUTO_SEEDS if arguments.seeds == AUTO else (require_seeds(arguments.seeds),)
    number = workers.cores() if arguments.processes is None else arguments.processes
    processes = require_positive("--processes", number)
    if arguments.all and arguments.recipes:
        raise BadInput(f"--all and {' '.join(arguments.recipes)}", "--all already means every recipe", "leave one out")
    names = list(RECIPES) if arguments.all else list(dict.fromkeys(arguments.recipes)) or [DEFAULT]
    recipes = [find(name) for name in names]
    if arguments.json is not None:
        require_replaceable(arguments.json)
    require_tensorflow()
    dataset = load_data(arguments)
    require_there(arguments.baselines)
    # Read before the work: a baseline that cannot be read would stop the command at its end.
    stored = {recipe.name: baselines.read(arguments.baselines, recipe.name, arguments.scale) for recipe in recipes}
    if arguments.json is not None:
        folders = [task.folder for task in _tasks(arguments, recipes, dataset, range(counts[-1]))]
        components.check_result(arguments.json, folders)
    result, failures = _reproduce(arguments, recipes, dataset, stored, counts, processes)
    if arguments.json is not None:
        write_text(arguments.json, reproduction_text.as_json(result, arguments.arithmetic))
    print(reproduction_text.as_text(result, arguments.scale, arguments.arithmetic, arguments.baselines))
    if len(recipes) > 1:
        print(f"\n{reproduction_text.summary(result)}")
    sys.stdout.flush()
    _complain(failures)
    if not all(isinstance(failure, workers.RunFailedError) for failure in failures.values()):
        return ExitCode.BAD_INPUT
    return ExitCode.PASSED if result.passes else ExitCode.VERDICT


def _reproduce(
    arguments: argparse.Namespace,
    recipes: Sequence[Recipe],
    dataset: Dataset,
    stored: Mapping[str, BaselineFile],
    counts: Sequence[int],
    processes: int,
) -> Tuple[Result, Dict[Task, BadInput]]:
    """Make runs of the first number of seeds, and of the next ones while that can settle a recipe's verdict."""
    from mnist_repro.execution import kept_runs
    from mnist_repro.reproduction import judgement

    # Asked once, because each time a process imports TensorFlow.
    ask_here = functools.lru_cache(maxsize=None)(kept_runs.provenance_here)
    runs: Dict[Task, Run] = {}
    seeds = {recipe.name: 0 for recipe in recipes}
    undecided = recipes
    for count in counts:
        tasks = _tasks(arguments, undecided, dataset, range(seeds[undecided[0].name], count))
        seeds.update({recipe.name: count for recipe in undecided})
        made, failures = _make(tasks, dataset, processes, arguments.again, ask_here)
        runs.update(made)
        by_recipe = [
            (recipe, [run for task, run in runs.items() if task.assignment.recipe is recipe]) for recipe in recipes
        ]
        result = judgement.judge(by_recipe, seeds, arguments.scale, dataset, stored, looks=len(counts))
        undecided = [each.recipe for each in result.recipes if each.seeds_needed]
        if failures or not undecided:
            break
    return result, failures


def _tasks(
    arguments: argparse.Namespace, recipes: Sequence[Recipe], dataset: Dataset, seeds: Sequence[int]
) -> List[Task]:
    from mnist_repro.data.locate import place
    from mnist_repro.execution import components, kept_runs, workers

    assignments = [
        components.Assignment(recipe, seed, arguments.scale, arguments.arithmetic)
        for recipe in recipes
        for seed in seeds
    ]
    return [
        workers.Task(each, place(dataset), kept_runs.run_folder(arguments.out, each, dataset)) for each in assignments
    ]


def _make(
    tasks: Sequence[Task],
    dataset: Dataset,
    processes: int,
    again: bool,
    ask_here: Callable[[], Mapping[str, Any]],
) -> Tuple[Dict[Task, Run], Dict[Task, BadInput]]:
    """The runs: those that are there, unless ``again``, and the others trained. And why runs could not be made."""
    from mnist_repro import display
    from mnist_repro.execution import components, kept_runs, workers
    from mnist_repro.runs.run_json import read

    kept = {} if again else kept_runs.kept_runs(tasks, dataset.sha256, ask_here)
    missing = [task for task in tasks if task not in kept]
    for task in missing:
        components.check_kept(task.folder, task.assignment, dataset)
    seeds, there = (Counter(task.assignment.recipe.name for task in each) for each in (tasks, kept))
    for name in there:
        print(f"{name}: {there[name]} of {display.counted(seeds[name], 'seed')} were there", flush=True)
    outcomes: Dict[Task, Optional[BadInput]] = {}
    if missing:
        try:
            with display.bars() as show:
                outcomes = workers.run_all(missing, processes, _watcher(missing, show))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_interrupted(tasks, again)) from None
    made = {task: read(task.folder) for task, failure in outcomes.items() if failure is None}
    return {**kept, **made}, {task: failure for task, failure in outcomes.items() if failure is not None}


def _interrupted(tasks: Sequence[Task], again: bool) -> str:
    """What is whole after Ctrl-C, and how to go on."""
    from mnist_repro.execution.kept_runs import is_whole

    whole = [task for task in tasks if is_whole(task.folder)]
    named = f": {_titles(whole)}" if whole else ""
    more = ", or without --again, which uses whole runs" if again else "; it uses whole runs, and trains the others"
    return f"{len(whole)} of {len(tasks)} runs are whole{named}\n  next: type the same command again{more}"


def _watcher(tasks: Sequence[Task], show: Callable[[str, int, int], None]) -> Callable[[Progress], None]:
    """A function that shows the progress of runs: a bar for each recipe, of the steps of all its seeds."""
    from mnist_repro.display import counted

    seeds = Counter(task.assignment.recipe.name for task in tasks)
    done: Dict[str, Dict[int, int]] = {}

    def watch(event: Progress) -> None:
        name = event.task.assignment.recipe.name
        steps = done.setdefault(name, {})
        steps[event.task.assignment.seed] = event.done
        show(f"{name}, {counted(seeds[name], 'seed')}", sum(steps.values()), event.total * seeds[name])

    return watch


def _complain(failures: Dict[Task, BadInput]) -> None:
    """Say each failure once, also if it is that of many runs, as on a full disk."""
    alike: Dict[object, List[Task]] = {}
    for task, failure in failures.items():
        what = failure.what.replace(str(task.folder), "")
        alike.setdefault((what, failure.why, failure.fix), []).append(task)
    for tasks in alike.values():
        sys.stderr.write(f"mnist-repro: {_titles(tasks)}: {failures[tasks[0]]}\n")


def _titles(tasks: Sequence[Task]) -> str:
    """Runs by recipe and seed: ``wheel-softmax, seeds 0, 1; vgg7, seed 0``."""
    from mnist_repro.display import seeds_text

    by_recipe: Dict[str, List[int]] = {}
    for task in tasks:
        by_recipe.setdefault(task.assignment.recipe.name, []).append(task.assignment.seed)
    return "; ".join(f"{name}, {seeds_text(seeds)}" for name, seeds in by_recipe.items())
