"""What a trained model gets wrong: per label, per (predicted, label) pair, and the images themselves.

The analysis of the blog that published vgg7; its own table stands beside ours where there is one.

Examples:
  mnist-repro errors runs/vgg7-bn/seed-0
  mnist-repro errors model.h5 --images wrong/                the wrong images as PNG files
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, List

from mnist_repro.commands.options import add_data, add_recipe_of_file, named_place
from mnist_repro.exit_codes import ExitCode

if TYPE_CHECKING:
    from mnist_repro.evaluation import Evaluation
    from mnist_repro.recipes import Recipe

DESCRIPTION = "what a trained model gets wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("path", type=named_place, metavar="PATH", help="a run's folder, a param.hdf5 or a model.h5")
    parser.add_argument("--images", type=named_place, metavar="DIR", help="write each wrong image there as a PNG")
    add_recipe_of_file(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Score all test images and print the tables."""
    from mnist_repro.atomic import require_writable
    from mnist_repro.data.dataset import describe
    from mnist_repro.data.locate import load
    from mnist_repro.evaluation import evaluate
    from mnist_repro.framework import require_tensorflow
    from mnist_repro.loading import scorer

    if arguments.images is not None:
        require_writable(arguments.images)
    require_tensorflow()
    located, logits = scorer(arguments.path, arguments.recipe)
    dataset = load(arguments.data)
    print(describe(dataset), flush=True)
    scores = logits(dataset.test_images)
    evaluation = evaluate(scores, dataset.test_labels)
    print("\n".join(tables(located.recipe, evaluation)))
    if arguments.images is not None:
        from mnist_repro.pictures import write_png

        for index in evaluation.wrong_images:
            name = f"{index:05d}-label-{dataset.test_labels[index]}-predicted-{scores[index].argmax()}.png"
            write_png(arguments.images / name, dataset.test_images[index])
        print(f"{evaluation.wrong} images in {arguments.images}")
    return ExitCode.PASSED


def tables(recipe: Recipe, evaluation: Evaluation) -> List[str]:
    """The lines of the analysis, the published figures beside ours where the source printed any."""
    from mnist_repro.reproduction import published_errors

    published = published_errors(recipe)
    pairs = {(predicted, label): count for predicted, label, count in evaluation.errors_per_pair}
    theirs = {(p, la): count for p, la, count in published.errors_per_pair} if published else {}
    beside = "  published" if published else ""
    lines = [f"{recipe.name}: {evaluation.right:,} right, {evaluation.wrong:,} wrong", "", f"label  wrong{beside}"]
    for label, count in evaluation.errors_per_label.items():
        lines.append(f"{label:>5}{count:>7}" + (f"{published.errors_per_label.get(label, 0):>11}" if published else ""))
    lines += ["", f"predicted  label  images{beside}"]
    order = list(pairs) + [pair for pair in theirs if pair not in pairs]
    for predicted, label in order:
        ours = pairs.get((predicted, label), 0)
        lines.append(
            f"{predicted:>9}{label:>7}{ours:>8}" + (f"{theirs.get((predicted, label), 0):>11}" if published else "")
        )
    lines += ["", "indices of the wrong images: " + " ".join(str(index) for index in evaluation.wrong_images)]
    return lines
