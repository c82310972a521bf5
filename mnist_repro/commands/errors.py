"""Shows the errors of a trained model: per label, per (predicted, label) pair, and the images themselves.

The blog that published vgg7 has this analysis. If a recipe has a published table, it is shown next to ours.

Examples:
  mnist-repro errors runs/vgg7-bn/mnist-full-original/seed-0
  mnist-repro errors model.h5 --images wrong/                      the wrong images as PNG files
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Collection, List

from mnist_repro.commands.options import add_data, add_recipe_of_file, load_data, named_place
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from mnist_repro.recipes import Recipe
    from mnist_repro.runs.evaluation import Evaluation

DESCRIPTION = "what a trained model gets wrong"
# The number of wrong images that are named.
_NAMED = 10
# The names of the files that --images writes.
_PICTURE = re.compile(r"\d{5}-label-\d-predicted-\d\.png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", type=named_place, metavar="PATH", help="a run's folder, a param.hdf5 or a model.h5")
    parser.add_argument(
        "--images", type=named_place, metavar="DIR", help="write each wrong image into this folder as a PNG"
    )
    add_recipe_of_file(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Score all test images and print the tables."""
    from mnist_repro.display import counted
    from mnist_repro.execution.trained_model import scorer
    from mnist_repro.files.atomic import require_writable
    from mnist_repro.runs.evaluation import evaluate
    from mnist_repro.training.framework import require_tensorflow

    if arguments.images is not None:
        require_writable(arguments.images, "--images DIR")
    require_tensorflow()
    located, logits = scorer(arguments.path, arguments.recipe)
    dataset = load_data(arguments)
    scores = logits(dataset.test_images)
    evaluation = evaluate(scores, dataset.test_labels)
    names = {
        index: f"{index:05d}-label-{dataset.test_labels[index]}-predicted-{scores[index].argmax()}.png"
        for index in evaluation.wrong_images
    }
    if arguments.images is not None:
        _require_no_others(arguments.images, names.values())
    print("\n".join(tables(located.recipe, evaluation)))
    if arguments.images is not None:
        from mnist_repro.training.pictures import write_png

        for index, name in names.items():
            write_png(arguments.images / name, dataset.test_images[index])
        print(f"{counted(evaluation.wrong, 'image')} in {arguments.images}")
    return ExitCode.PASSED


def _require_no_others(folder: Path, names: Collection[str]) -> None:
    """Refuse a folder with pictures of another model's mistakes. Pictures in ``names`` may be replaced."""
    from mnist_repro.display import counted

    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    others = [name for name in there if _PICTURE.fullmatch(name) and name not in names]
    if others:
        raise BadInput(
            f"{folder} has pictures of what another model got wrong, such as {others[0]}",
            f"{counted(len(others), 'picture')} would be there beside the mistakes of this model",
            f"--images another folder, or remove the pictures from {folder}",
        )


def tables(recipe: Recipe, evaluation: Evaluation) -> List[str]:
    """The lines of the analysis; the published figures are beside ours if the source printed any."""
    from mnist_repro.recipes.published import published_errors

    published = published_errors(recipe)
    pairs = {(predicted, label): count for predicted, label, count in evaluation.errors_per_pair}
    published_pairs = {(p, la): count for p, la, count in published.errors_per_pair} if published else {}
    beside = "  published" if published else ""
    lines = [f"{recipe.name}: {evaluation.right:,} right, {evaluation.wrong:,} wrong", "", f"label  wrong{beside}"]
    for label, count in evaluation.errors_per_label.items():
        lines.append(f"{label:>5}{count:>7}" + (f"{published.errors_per_label.get(label, 0):>11}" if published else ""))
    lines += ["", f"predicted  label  images{beside}"]
    order = list(pairs) + [pair for pair in published_pairs if pair not in pairs]
    for predicted, label in order:
        images = pairs.get((predicted, label), 0)
        lines.append(
            f"{predicted:>9}{label:>7}{images:>8}"
            + (f"{published_pairs.get((predicted, label), 0):>11}" if published else "")
        )
    first = evaluation.wrong_images[:_NAMED]
    lines += ["", f"indices of the wrong images: {' '.join(map(str, first))}"]
    if evaluation.wrong > _NAMED:
        lines.append(f"and {evaluation.wrong - _NAMED:,} more: --images DIR writes each image, its index in its name")
    return lines
