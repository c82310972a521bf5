"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Union

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines.folder import BASELINES

if TYPE_CHECKING:
    from mnist_repro.data.dataset import Dataset

MOST_SEEDS = 10_000
# The value of --seeds for as many as settle the verdict.
AUTO = "auto"


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which data to use."""
    parser.add_argument(
        "--data",
        type=named,
        metavar="mnist|surrogate|DIR",
        help="mnist: the real MNIST; surrogate: drawn digits; DIR: a folder with IDX files or mnist.npz "
        "(default: $MNIST_REPRO_DATA, else the first that is found: see `mnist-repro data info`)",
    )


def load_data(arguments: argparse.Namespace) -> Dataset:
    """The data that the user asks for; prints which it is."""
    from mnist_repro.data.dataset import describe
    from mnist_repro.data.locate import load

    dataset = load(arguments.data)
    print(describe(dataset), flush=True)
    return dataset


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add the argument that says which runs to read."""
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUNS",
        type=named_place,
        default=[Path("runs")],
        help="folders with runs (default: runs)",
    )


def add_out(parser: argparse.ArgumentParser, default: str, what: str) -> None:
    """Add the option for the folder that a report or page (``what``) is written into."""
    parser.add_argument(
        "--out",
        type=named_place,
        default=Path(default),
        metavar="DIR",
        help=f"folder for the {what} (default: %(default)s)",
    )


def add_baselines(parser: argparse.ArgumentParser, use: str) -> None:
    """Add the option for the folder of the baselines; ``use`` is its help text."""
    parser.add_argument("--baselines", type=named_place, default=BASELINES, metavar="DIR", help=use)


def add_recipes(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a file with recipes of one's own."""
    parser.add_argument(
        "--recipes",
        type=_named_recipes,
        action="append",
        dest="recipe_files",
        metavar="FILE.py",
        help="a Python file with your own recipes, in addition to those of this package; repeatable",
    )


def _named_recipes(text: str) -> Path:
    from mnist_repro.recipes.outside import name_files

    file = named_place(text)
    # When it is parsed: the other arguments name recipes.
    name_files([file])
    return file


def number_or_auto(text: str) -> Union[int, str]:
    """The value of --seeds: a number, or `AUTO`."""
    if text == AUTO:
        return AUTO
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor {AUTO}") from error


def require_there(baselines: Path) -> None:
    """Make sure that a named folder of baselines exists; the default folder may be missing.

    Raises:
        BadInput: the named folder does not exist, so that runs could not be judged by it.
    """
    if baselines != BASELINES and not baselines.is_dir():
        raise BadInput(
            f"there is no folder {baselines}",
            "its baselines were asked for",
            f"--baselines {BASELINES}, or record some: mnist-repro baseline record --help",
        )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a recipe is run."""
    parser.add_argument(
        "--scale",
        choices=("full", "subset"),
        default="full",
        help="full: the published budget; subset: a training of some seconds (default: %(default)s)",
    )
    add_arithmetic(parser)
    add_data(parser)


def add_arithmetic(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what optimisers and batch normalisation compute."""
    parser.add_argument(
        "--arithmetic",
        choices=("original", "framework"),
        default="original",
        help="original: optimiser and batch normalisation of the source's time; framework: those of this TensorFlow "
        "(default: %(default)s)",
    )


def add_recipe_of_file(parser: argparse.ArgumentParser) -> None:
    """Add the option for the recipe of a file of weights that does not name its recipe."""
    parser.add_argument("--recipe", metavar="RECIPE", help="the recipe of the weights, if the file does not name it")


def named(text: str) -> str:
    """The value of an option, unless it is empty: an empty value usually comes from an unset variable in a script.

    Raises:
        argparse.ArgumentTypeError: the value is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("it is empty; name something, or leave it out")
    return text


def named_place(text: str) -> Path:
    """A file or folder as a path. An empty name is refused: it would mean the current folder."""
    return Path(named(text))


def require_positive(option: str, value: int, fix: str = "") -> int:
    """Return ``value``, if it is 1 or more; ``fix`` is the advice if it is not (default: 3).

    Raises:
        BadInput: ``value`` is less than 1.
    """
    if value < 1:
        raise BadInput(f"{option} {value}", "it must be 1 or more", fix or f"{option} 3")
    return value


def require_seeds(value: int, fix: str = "") -> int:
    """Return ``value``, if it is a plausible number of seeds; ``fix`` is the advice if it is not.

    Raises:
        BadInput: ``value`` is less than 1 or more than 10,000.
    """
    if value > MOST_SEEDS:
        raise BadInput(f"--seeds {value}", f"it must be {MOST_SEEDS:,} or fewer", fix or "--seeds 10")
    return require_positive("--seeds", value, fix)
