"""The command line `mnist-repro`: finds the command, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import importlib
from typing import List, Optional

import mnist_repro
from mnist_repro.commands.options import add_recipes
from mnist_repro.program import run_command, run_script

# Modules of mnist_repro.commands: each has DESCRIPTION, add_arguments(parser) and run(arguments) -> ExitCode.
COMMANDS = (
    *("reproduce", "train", "estimate", "predict", "errors", "data", "drift", "baseline", "power", "report", "judge"),
    *("trend", "wheel"),
)

EPILOG = """\
exit codes: 0 passed · 1 a verdict that does not pass · 2 bad input or environment · 130 interrupted
            141 broken pipe

examples:
  mnist-repro reproduce                          the WHEEL tutorial's training, 3 seeds, and the published figures
  mnist-repro reproduce --all --scale subset     all recipes, some seconds each
  mnist-repro train vgg7 --out runs/mine         one training; then: mnist-repro estimate runs/mine
  mnist-repro data info                          which data would be used, and from where
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; imports neither NumPy nor TensorFlow."""
    top = argparse.ArgumentParser(
        prog="mnist-repro",
        description="Checks whether a published MNIST training still gives the published figures, and if not, why.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"mnist-repro {mnist_repro.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"mnist_repro.commands.{name}")
        command = commands.add_parser(
            name,
            help=module.DESCRIPTION,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            # With abbreviations, `reproduce --seed 5` would be read as `--seeds 5`.
            allow_abbrev=False,
        )
        module.add_arguments(command)
        add_recipes(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code; messages go to standard error."""
    return run_command("mnist-repro", parser, arguments)


def entry() -> None:
    """Run the command line as the console script `mnist-repro` does."""
    run_script(main)
