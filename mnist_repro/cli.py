"""The command line `mnist-repro`: finds the command, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import List, Optional

import mnist_repro
from mnist_repro.errors import BadInput
from mnist_repro.exit_codes import ExitCode

# Modules of mnist_repro.commands: each has DESCRIPTION, add_arguments(parser) and run(arguments) -> ExitCode.
COMMANDS = ("reproduce", "train", "estimate", "predict", "errors", "data")

EPILOG = """\
exit codes: 0 passed · 1 a verdict that does not pass · 2 bad input or environment · 130 interrupted

examples:
  mnist-repro reproduce                          the WHEEL tutorial's training, 3 seeds, beside the published figures
  mnist-repro reproduce --all --scale subset     all recipes, some seconds each
  mnist-repro train vgg7 --out runs/mine         one training; then: mnist-repro estimate runs/mine
  mnist-repro data info                          which data would be used, and from where
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; imports neither NumPy nor TensorFlow."""
    top = argparse.ArgumentParser(
        prog="mnist-repro",
        description="Does a published MNIST training still give what it gave? And if not, why not?",
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
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Optional[List[str]] = None) -> int:
    """Run one command and return its exit code; messages go to standard error."""
    try:
        parsed = parser().parse_args(arguments)
        return int(parsed.run(parsed))
    except BadInput as error:
        sys.stderr.write(f"mnist-repro: {error}\n")
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("mnist-repro: interrupted; runs that had finished are whole\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has left: not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PASSED


def entry() -> None:
    """The console script."""
    sys.exit(main())
