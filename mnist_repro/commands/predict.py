"""Shows what a trained model predicts for some images.

Examples:
  mnist-repro predict runs/keras-cnn/mnist-full-original/seed-0     the first ten test images
  mnist-repro predict runs/keras-cnn/mnist-full-original/seed-0/model.h5 --first 20 --of training
  mnist-repro predict param.hdf5 --index 247                        one test image, all ten probabilities
  mnist-repro predict param.hdf5 --image digit.png                  your own: 28×28, white on black
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mnist_repro.commands.options import add_data, add_recipe_of_file, load_data, named_place
from mnist_repro.errors import BadInput, ExitCode

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = "predict images of the data, or one of your own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", type=named_place, metavar="PATH", help="a run's folder, a param.hdf5 or a model.h5")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--first", type=int, default=10, metavar="N", help="the first N images (default: %(default)s)")
    which.add_argument("--index", type=int, metavar="I", help="the image at this index, counted from 0")
    which.add_argument("--image", type=named_place, metavar="FILE", help="a PNG, JPEG, GIF or BMP of 28×28 pixels")
    parser.add_argument(
        "--of", choices=("test", "training"), default="test", help="which images (default: %(default)s)"
    )
    add_recipe_of_file(parser)
    add_data(parser)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Predict and print a line for each image."""
    from mnist_repro.execution.trained_model import scorer
    from mnist_repro.training.framework import require_tensorflow

    require_tensorflow()
    located, logits = scorer(arguments.path, arguments.recipe)
    if arguments.image is not None:
        from mnist_repro.training.pictures import read_image

        scores = logits(read_image(arguments.image)[None])
        print(f"{located.recipe.name}: {arguments.image} is a {scores[0].argmax()}")
        print(_probabilities(scores[0]))
        return ExitCode.PASSED
    dataset = load_data(arguments)
    test = arguments.of == "test"
    images = dataset.test_images if test else dataset.train_images
    labels = dataset.test_labels if test else dataset.train_labels
    chosen = _chosen(arguments, len(images))
    scores = logits(images[chosen])
    print(f"{located.recipe.name}, {arguments.of} images\n  index  label  predicted  probability")
    for index, label, score in zip(range(chosen.start, chosen.stop), labels[chosen], scores):
        wrong = "" if score.argmax() == label else "  wrong"
        print(f"{index:>7}{label:>7}{score.argmax():>11}{_softmax(score).max():>13.4f}{wrong}")
    if arguments.index is not None:
        print(_probabilities(scores[0]))
    return ExitCode.PASSED


def _chosen(arguments: argparse.Namespace, count: int) -> slice:
    if arguments.index is not None:
        if not 0 <= arguments.index < count:
            raise BadInput(
                f"--index {arguments.index}", f"there are {count:,} {arguments.of} images, counted from 0", "--index 0"
            )
        return slice(arguments.index, arguments.index + 1)
    if not 1 <= arguments.first <= count:
        raise BadInput(f"--first {arguments.first}", f"there are {count:,} {arguments.of} images", "--first 10")
    return slice(0, arguments.first)


def _softmax(score: np.ndarray) -> np.ndarray:
    import numpy as np

    shifted = np.exp(score.astype(np.float64) - score.max())
    return np.asarray(shifted / shifted.sum())


def _probabilities(score: np.ndarray) -> str:
    return "\n".join(f"  {digit}  {probability:.4f}" for digit, probability in enumerate(_softmax(score)))
