"""Component one of the tutorial: train a recipe and leave its weights in a folder.

Writes learn.log, param.hdf5 (weights), model.h5 (whole model) and run.json. `mnist-repro estimate` is component two.

Examples:
  mnist-repro train wheel-softmax
  mnist-repro train vgg7 --seed 4 --out runs/mine --tensorboard runs/board
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from mnist_repro.commands.options import add_run, load_data, named_place
from mnist_repro.errors import ExitCode

if TYPE_CHECKING:
    from mnist_repro.runs.log import Line

DESCRIPTION = "train a recipe; leaves learn.log, param.hdf5, model.h5 and run.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "recipe", metavar="RECIPE", help="such as wheel-softmax; `mnist-repro reproduce --help` lists them"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="decides the initial weights and the order of the images (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=named_place,
        metavar="DIR",
        help="the run's folder (default: runs/RECIPE/DATASET-SCALE-ARITHMETIC/seed-N)",
    )
    parser.add_argument(
        "--tensorboard", type=named_place, metavar="DIR", help="also write the log for TensorBoard into this folder"
    )
    add_run(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Train one run in this process."""
    from mnist_repro import display
    from mnist_repro.execution import components, kept_runs
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.recipes import find
    from mnist_repro.training import tensorboard
    from mnist_repro.training.framework import require_tensorflow

    assignment = components.Assignment(find(arguments.recipe), arguments.seed, arguments.scale, arguments.arithmetic)
    if arguments.out is not None:
        components.check_folder(arguments.out, assignment.recipe)
    if arguments.tensorboard is not None:
        require_writable(arguments.tensorboard, "--tensorboard DIR")
    require_tensorflow()
    dataset = load_data(arguments)
    folder = arguments.out or kept_runs.run_folder(Path("runs"), assignment, dataset)
    components.check_kept(folder, assignment, dataset)
    title = f"{assignment.recipe.name}, seed {assignment.seed}"
    with display.bars() as show, tensorboard.writer(arguments.tensorboard) as record:

        def progress(done: int, total: int, line: Optional[Line]) -> None:
            show(title, done, total)
            record(line)

        trained = components.train_into(folder, assignment, dataset, progress)
    for score in trained.scores:
        after = display.counted(score.after, trained.unit)
        print(f"after {after}: test loss {score.test.loss:.5f}, test accuracy {score.test.accuracy:.4f}")
    print(f"left in {folder}: learn.log param.hdf5 model.h5 run.json")
    return ExitCode.PASSED
