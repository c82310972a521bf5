"""Component two of the tutorial: build the model again, read param.hdf5, score the test images.

Writes eval.log (Test loss, Test accuracy) and evaluation.json (counts, confusion, errors per label and per pair,
indices of the wrong images, which data) next to the weights, or into --out. Inside a run's folder,
only results on that run's data are written.

Examples:
  mnist-repro estimate runs/wheel-softmax/mnist-full-original/seed-0
  mnist-repro estimate runs/wheel-softmax/mnist-full-original/seed-0 --data surrogate --out elsewhere
  mnist-repro estimate param.hdf5 --recipe wheel-softmax
"""

from __future__ import annotations

import argparse

from mnist_repro.commands.options import add_data, add_recipe_of_file, load_data, named_place
from mnist_repro.errors import ExitCode

DESCRIPTION = "score the test images with the weights of a run; leaves eval.log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", type=named_place, metavar="PATH", help="a run's folder, or a param.hdf5 alone")
    parser.add_argument(
        "--out", type=named_place, metavar="DIR", help="folder for eval.log (default: that of the weights)"
    )
    add_recipe_of_file(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Score one file of weights."""
    from mnist_repro.execution import components
    from mnist_repro.execution.trained_model import locate_weights
    from mnist_repro.training.framework import require_tensorflow

    located = locate_weights(arguments.path, arguments.recipe)
    out = arguments.out or located.file.parent
    components.check_folder(out, located.recipe, scores_only=True)
    require_tensorflow()
    dataset = load_data(arguments)
    components.check_data(out, dataset)
    images = located.recipe.scale(located.scale).test_images
    evaluation = components.estimate(located.file, located.recipe, dataset, images, out)
    print(f"{located.recipe.name}, {images:,} test images: {evaluation.right:,} right, {evaluation.wrong:,} wrong")
    print(components.evaluation_log(evaluation), end="")
    return ExitCode.PASSED
